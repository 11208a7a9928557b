import { fromFileUrl } from "@std/path";
import { z } from "zod";
import type { PortOwner } from "./ports.ts";

/** Longest command that is shown. */
const COMMAND_LENGTH = 120;

const ownerSchema = z.object({ port: z.int(), pid: z.int(), command: z.string() });

/** Finds which processes listen, by port. Empty where that cannot be told: it is known on Linux only. */
export async function portOwners(): Promise<Map<number, PortOwner>> {
  if (Deno.build.os !== "linux") return new Map();
  const program = fromFileUrl(import.meta.resolve("./port_owners_main.ts"));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", program],
    stdin: "null",
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => ownerSchema.parse(JSON.parse(line))).map(({ port, pid, command }) => [
      port,
      { pid, command: command.slice(0, COMMAND_LENGTH) },
    ]),
  );
}
