import { assertEquals } from "@std/assert";
import { yieldToOthers } from "./thread_priority.ts";

const permissions = await Promise.all([
  Deno.permissions.query({ name: "sys", kind: "setPriority" }),
  Deno.permissions.query({ name: "read" }),
]);
const granted = permissions.every(({ state }) => state === "granted");

Deno.test({
  name: "yieldToOthers() does nothing without permission",
  ignore: granted || permissions[0].state === "granted",
  fn: () => assertEquals(yieldToOthers(), false),
});

Deno.test({
  name: "yieldToOthers() lowers the priority of its own thread and of no other",
  ignore: !granted || Deno.build.os !== "linux",
  async fn() {
    const source = `
      import { yieldToOthers } from "${new URL("./thread_priority.ts", import.meta.url)}";
      import { getPriority } from "node:os";
      self.postMessage([yieldToOthers(), getPriority(0)]);
    `;
    const url = `data:application/typescript,${encodeURIComponent(source)}`;
    const worker = new Worker(url, { type: "module" });
    const told = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.terminate();
    assertEquals(told, [true, 19]);
    const { getPriority } = await import("node:os");
    assertEquals(getPriority(0), 0);
  },
});
