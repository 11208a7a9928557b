import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { System } from "./system.ts";

/** How a program that gives an order ended. */
export interface OrderResult {
  readonly code: number;
  /** What it wrote, on standard output and on standard error. */
  readonly text: string;
}

/** Gives a running system an order as `deno task scale`, `drain`, `undrain` and `weigh` do. */
export async function giveOrder(
  system: Pick<System, "data">,
  name: "scale" | "drain" | "undrain" | "weigh",
  operand: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<OrderResult> {
  const program = fromFileUrl(import.meta.resolve(`../tasks/control/${name}_main.ts`));
  const permissions = [
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-env=FLOTILLA_ENV,FLOTILLA_ADMIN_TOKEN,NO_COLOR",
    "--allow-read",
  ];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, program, operand, "--data", system.data],
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Gives an order that is to be carried out. */
export async function order(
  system: Pick<System, "data">,
  name: "scale" | "drain" | "undrain" | "weigh",
  operand: string,
): Promise<string> {
  const { code, text } = await giveOrder(system, name, operand);
  assertEquals(code, 0, text);
  return text;
}
