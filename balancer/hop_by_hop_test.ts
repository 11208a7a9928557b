import { assertEquals } from "@std/assert";
import { endToEnd } from "./hop_by_hop.ts";

Deno.test("endToEnd() drops hop-by-hop fields and those that Connection names", () => {
  const passed = endToEnd(
    new Headers({
      "accept": "text/html",
      "connection": "close, X-Private,x-other",
      "expect": "100-continue",
      "keep-alive": "timeout=5",
      "proxy-authorization": "Basic eDp5",
      "proxy-connection": "keep-alive",
      "te": "trailers",
      "trailer": "x-sum",
      "transfer-encoding": "chunked",
      "upgrade": "websocket",
      "x-other": "2",
      "x-private": "1",
    }),
  );
  assertEquals([...passed], [["accept", "text/html"]]);
});

Deno.test("endToEnd() does not let Connection take end-to-end fields away", () => {
  const headers = new Headers({
    authorization: "Bearer x",
    connection: "authorization, x-forwarded-for",
    "x-forwarded-for": "a",
  });
  assertEquals([...endToEnd(headers)], [["authorization", "Bearer x"], ["x-forwarded-for", "a"]]);
});

Deno.test("endToEnd() bears a Connection field that names no field", () => {
  assertEquals([...endToEnd(new Headers({ connection: ", a b, ()", accept: "*/*" }))], [["accept", "*/*"]]);
});

Deno.test("endToEnd() leaves what it was given as it is, and keeps each Set-Cookie", () => {
  const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["connection", "close"]]);
  assertEquals(endToEnd(headers).getSetCookie(), ["a=1", "b=2"]);
  assertEquals(headers.get("connection"), "close");
});
