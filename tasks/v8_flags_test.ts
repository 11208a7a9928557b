import { assertStringIncludes } from "@std/assert";
import { v8Flags } from "./v8_flags.ts";

const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

Deno.test({
  name: "v8Flags() of a role are those that its task in deno.json runs it with",
  ignore,
  async fn() {
    const tasks = await Deno.readTextFile(new URL("../deno.json", import.meta.url));
    for (const role of ["balancer", "worker", "store"]) {
      assertStringIncludes(tasks, `"${role}": "deno run ${v8Flags(role).join(" ")} `);
    }
  },
});
