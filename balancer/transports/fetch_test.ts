import { assertEquals } from "@std/assert";
import { transportConformance } from "../testing/transport_conformance.ts";
import { classify, fetchTransport } from "./fetch.ts";

transportConformance("fetch", () => fetchTransport());

Deno.test("classify() reads from Deno's errors what they prove, and is cautious with others", () => {
  const deno = (text: string) => new TypeError("fetch failed", { cause: new Error(text) });
  assertEquals(classify(deno("client error (Connect): tcp connect error")).kind, "connect_refused");
  assertEquals(
    classify(deno("client error (Connect): tcp open error: Too many open files (os error 24)")).kind,
    "no_socket",
  );
  assertEquals(
    classify(deno("client error (SendRequest): invalid HTTP version parsed")).kind,
    "protocol_error",
  );
  assertEquals(
    classify(deno("client error (SendRequest): connection closed before message completed")).kind,
    "reset",
  );
  assertEquals(classify(new TypeError("network error")).kind, "reset");
  assertEquals(classify("something").kind, "reset");
});
