import { flag, operands, readFlags, refuseToStart, SecretError } from "@flotilla/runtime";
import { z } from "zod";
import { Terminal } from "../terminal.ts";
import type { Order } from "./contract.ts";
import { ControlError } from "./control_client.ts";
import { openControl } from "./open_control.ts";

/** A program that gives orders to a running system. */
export interface OrderProgram {
  /** How it is called: `deno task drain`. */
  name: string;
  /** One sentence. */
  summary: string;
  /** Reads an order from what is typed. */
  order: z.ZodType<Order>;
  /** What an order looks like, for `--help`. */
  placeholder: string;
  help: string;
}

/** An instance's name. */
export const instanceSchema: z.ZodType<string> = z.string().regex(
  /^\w{1,64}$/,
  "must be a name like service_1",
);

/** Reads the orders, has them carried out one after the other, and exits: 0 when all were, 1 otherwise. */
export async function runOrders(program: OrderProgram): Promise<never> {
  const { order, placeholder, help } = program;
  const flags = readFlags(program, {
    orders: operands(order, { help, placeholder }),
    data: flag(z.string().default("data"), { help: "folder of the system's data", placeholder: "FOLDER" }),
  });
  const terminal = new Terminal();
  try {
    const control = await openControl(flags.data);
    for (const each of flags.orders) {
      await control.order(each, { by: "the terminal", tell: (step) => terminal.say(step) });
    }
    Deno.exit(0);
  } catch (error) {
    if (error instanceof SecretError) refuseToStart(error.message);
    if (!(error instanceof ControlError)) throw error;
    terminal.say(error.message, "bad");
    Deno.exit(1);
  }
}
