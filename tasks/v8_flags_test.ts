import { assertStringIncludes } from "@std/assert";
import { v8Flags } from "./v8_flags.ts";

const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

Deno.test({
  name: "v8Flags() of a balancer are those that `deno task balancer` runs it with",
  ignore,
  async fn() {
    const tasks = await Deno.readTextFile(new URL("../deno.json", import.meta.url));
    assertStringIncludes(tasks, `"balancer": "deno run ${v8Flags("balancer").join(" ")} `);
  },
});
