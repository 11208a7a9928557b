import { ProblemError } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { requireSuccess } from "./inner_calls.ts";
import type { Call } from "./scrape.ts";
import type { SystemView } from "./system_view.ts";
import type { TaskReader, Tasks } from "./tasks.ts";

const instanceSchema = z.string().max(64);

/** What an administrator may ask for. */
export const orderSchema = z.discriminatedUnion("order", [
  z.strictObject({ order: z.literal("drain"), instance: instanceSchema }),
  z.strictObject({ order: z.literal("resume"), instance: instanceSchema }),
  z.strictObject({
    order: z.literal("weigh"),
    instance: instanceSchema,
    weight: z.number().positive().max(1_000),
  }),
  z.strictObject({ order: z.literal("retry"), task: z.string().max(128), owner: z.string().max(128) }),
  z.strictObject({ order: z.literal("report") }),
]);

/** What an administrator asks for. */
export type Order = z.infer<typeof orderSchema>;

/** What {@linkcode createOrders} works with. */
export interface OrdersOptions {
  view: () => SystemView;
  call: Call;
  /** What balancers take orders with. @default they take none */
  adminToken: string | undefined;
  tasks: Tasks;
}

/** Who asks, for the audit log. */
export interface OrderGiver extends TaskReader {
  readonly address: string | undefined;
}

/** Carries an order out and leaves a line in the audit log, whatever became of it. */
export type CarryOut = (order: Order, giver: OrderGiver) => Promise<void>;

const PATIENCE = 3_000;

/**
 * Makes what carries orders out: through the admin API of balancers, and the routes of workers.
 *
 * Throws {@linkcode ProblemError}: 404 for an instance that no balancer takes orders about, and whatever the other side refuses.
 */
export function createOrders(options: OrdersOptions): CarryOut {
  const { view, call, adminToken, tasks } = options;
  const logger = getLogger(["flotilla", "gateway", "audit"]);

  async function carryOut(order: Order, giver: OrderGiver): Promise<void> {
    if (order.order === "report") return await tasks.report(giver);
    if (order.order === "retry") return await tasks.retry(giver, { id: order.task, owner: order.owner });
    const { origin, id } = controlOf(view(), order.instance);
    const place = `${origin}/upstreams/${encodeURIComponent(id)}`;
    const response = await call(
      new Request(order.order === "weigh" ? place : `${place}/${order.order}`, {
        method: order.order === "weigh" ? "PATCH" : "POST",
        headers: { authorization: `Bearer ${adminToken ?? ""}`, "content-type": "application/json" },
        body: order.order === "weigh" ? JSON.stringify({ weight: order.weight }) : null,
        signal: AbortSignal.timeout(PATIENCE),
        redirect: "error",
      }),
    );
    await requireSuccess(response);
    await response.body?.cancel();
  }

  return async (order, giver) => {
    const { principal: { subject: by }, requestId: request_id, address } = giver;
    const { order: what, ...about } = order;
    const properties = { ...about, by, request_id, address };
    try {
      await carryOut(order, giver);
      logger.info(`${what} by {by}`, properties);
    } catch (error) {
      logger.warn(`${what} by {by} failed`, { ...properties, error });
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(502, "The order could not be given: the process does not answer", {
        cause: error,
      });
    }
  };
}

function controlOf(view: SystemView, name: string): { origin: string; id: string } {
  const upstream = view.instances.find(({ instance }) => instance.name === name)?.upstream;
  const balancer = view.topology.instances.find((instance) => instance.name === upstream?.balancer);
  if (upstream?.control === undefined || balancer?.adminOrigin === undefined) {
    throw new ProblemError(404, `No balancer takes orders about ${name}`);
  }
  return { origin: balancer.adminOrigin, id: upstream.control.id };
}
