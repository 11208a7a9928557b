import { assertEquals } from "@std/assert";
import { Terminal } from "./terminal.ts";

function setup(instances: string[] = []) {
  const lines: string[] = [];
  return { lines, terminal: new Terminal({ instances, write: (line) => lines.push(line), colour: false }) };
}

Deno.test("tell() puts what instances say into one column", () => {
  const { lines, terminal } = setup(["cache", "service_1"]);
  terminal.tell("cache", "is ready");
  terminal.tell("service_1", "first\nsecond", "bad");
  assertEquals(lines, ["cache     | is ready", "service_1 | first", "service_1 | second"]);
});

Deno.test("say() writes each line by itself", () => {
  const { lines, terminal } = setup();
  terminal.say("one\ntwo");
  assertEquals(lines, ["one", "two"]);
});
