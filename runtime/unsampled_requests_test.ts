import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { z } from "zod";

const { state } = await Deno.permissions.query({ name: "run" });
const PROGRAM = fromFileUrl(import.meta.resolve("./testdata/traced_server.ts"));

const TRACE = "0af7651916cd43dd8448eb211c80319c";
/** Nothing listens there: what is recorded is lost. */
const RECORDING = { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };

/** The traces of which three requests' handlers saw a span: one of no trace, one of an unsampled, one of a sampled trace. */
async function tracesSeen(environment: Record<string, string>, rate = 0): Promise<unknown> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=127.0.0.1", PROGRAM, String(rate)],
    env: { OTEL_TRACES_SAMPLER: "parentbased_always_on", OTEL_DENO_CONSOLE: "ignore", ...environment },
  }).output();
  const [out = "", errors = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(errors, "");
  return JSON.parse(out);
}

Deno.test({
  name: "skipUnsampledRequests() leaves requests without a span but those of a recorded trace",
  ignore: state !== "granted",
  async fn() {
    assertEquals(await tracesSeen(RECORDING), [null, null, TRACE]);
  },
});

Deno.test({
  name: "skipUnsampledRequests() has as many others begin a trace as the gate of its last call admits",
  ignore: state !== "granted",
  async fn() {
    const seen = z.array(z.string().nullable()).parse(await tracesSeen(RECORDING, 1));
    assertEquals([seen.length, seen[0]?.length, ...seen.slice(1)], [3, TRACE.length, null, TRACE]);
  },
});

Deno.test({
  name: "skipUnsampledRequests() changes nothing where Deno records nothing",
  ignore: state !== "granted",
  async fn() {
    assertEquals(await tracesSeen({}), [null, null, null]);
  },
});
