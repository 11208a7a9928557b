import { ProblemError } from "@flotilla/runtime";
import { TextLineStream } from "@std/streams";
import { z } from "zod";
import { requireSuccess } from "./inner_calls.ts";
import type { Call } from "./scrape.ts";

/** How far an order is: carried out, or still under way. */
export type OrderProgress = "done" | "under way";

/** Milliseconds that an order is waited for; it is carried out whether or not somebody waits. */
const PATIENCE = 2_000;

const progressSchema = z.object({
  outcome: z.enum(["done", "failed"]).optional(),
  reason: z.string().optional(),
});

/** What {@linkcode orderOfSupervisor} works with. */
export interface SupervisorOrderOptions {
  /** Where the supervisor takes orders. */
  control: string;
  token: string;
  call: Call;
  /** Who gives the order, for the audit log. */
  by: string;
}

/**
 * Gives the supervisor an order, which it enters into the audit log.
 *
 * @throws {ProblemError} with the status and the reason when it refuses, 502 when it fails
 * @throws {TypeError} when it does not answer
 */
export async function orderOfSupervisor(
  order: Readonly<Record<string, unknown>>,
  options: SupervisorOrderOptions,
): Promise<OrderProgress> {
  const { control, token, call, by } = options;
  const response = await call(
    new Request(`${control}/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ by, order }),
      redirect: "error",
    }),
  );
  await requireSuccess(response);
  return await progressOf(response);
}

async function progressOf({ body }: Response): Promise<OrderProgress> {
  const lines = body?.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  const late = AbortSignal.timeout(PATIENCE);
  const over = new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined)));
  try {
    for (;;) {
      const next = await Promise.race([lines?.read(), over]);
      if (next === undefined || next.done) return "under way";
      const { outcome, reason = "It could not be carried out" } = progressSchema.parse(
        JSON.parse(next.value),
      );
      if (outcome === "failed") throw new ProblemError(502, reason);
      if (outcome === "done") return "done";
    }
  } finally {
    await lines?.cancel().catch(() => {});
  }
}
