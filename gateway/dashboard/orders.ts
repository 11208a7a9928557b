import { ProblemError } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import type { AuditEntry } from "./audit_log.ts";
import type { PublishedTopology } from "./published_topology.ts";
import type { Call } from "./scrape.ts";
import { orderOfSupervisor, type OrderProgress } from "./supervisor_orders.ts";
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
  z.strictObject({ order: z.literal("scale"), group: instanceSchema, count: z.int().min(1).max(64) }),
  z.strictObject({ order: z.literal("retry"), task: z.string().max(128), owner: z.string().max(128) }),
  z.strictObject({ order: z.literal("report") }),
]);

/** What an administrator asks for. */
export type Order = z.infer<typeof orderSchema>;

/** What {@linkcode createOrders} works with. */
export interface OrdersOptions {
  topology: () => PublishedTopology;
  call: Call;
  /** What the supervisor takes orders with. @default it takes none */
  adminToken: string | undefined;
  tasks: Tasks;
  /** Enters an order into the audit log. */
  record: (order: Omit<AuditEntry, "id" | "at">) => Promise<void>;
}

/** Who asks, for the audit log. */
export interface OrderGiver extends TaskReader {
  readonly address: string | undefined;
}

/** Carries an order out, or has it begun, and enters it into the audit log, whatever became of it. */
export type CarryOut = (order: Order, giver: OrderGiver) => Promise<OrderProgress>;

/**
 * Makes what carries orders out: through the supervisor, which remembers them, and the routes of workers.
 *
 * Throws {@linkcode ProblemError}: whatever the other side refuses, and 502 when it does not answer.
 */
export function createOrders(options: OrdersOptions): CarryOut {
  const { topology, call, adminToken, tasks, record } = options;
  const logger = getLogger(["flotilla", "gateway", "audit"]);

  async function carryOut(order: Order, giver: OrderGiver): Promise<OrderProgress> {
    if (order.order === "report") await tasks.report(giver);
    else if (order.order === "retry") await tasks.retry(giver, { id: order.task, owner: order.owner });
    else {
      const { control } = topology();
      if (control === undefined || adminToken === undefined) {
        throw new ProblemError(404, "No supervisor takes orders here");
      }
      return await orderOfSupervisor(order, {
        control,
        token: adminToken,
        call,
        by: giver.principal.subject,
      });
    }
    return "done";
  }

  /** The supervisor enters what it was asked for itself; what never got there is entered here. */
  async function enter(order: Order, by: string, failure?: string): Promise<void> {
    try {
      await record({ by, what: describe(order), ...(failure === undefined ? {} : { failure }) });
    } catch (error) {
      logger.warn("An order is not in the audit log: {reason}", { reason: String(error), error });
    }
  }

  return async (order, giver) => {
    const { principal: { subject: by }, requestId: request_id, address } = giver;
    const { order: what, ...about } = order;
    const properties = { ...about, by, request_id, address };
    const own = what === "report" || what === "retry";
    try {
      const progress = await carryOut(order, giver);
      logger.info(`${what} by {by}`, { ...properties, progress });
      if (own) await enter(order, by);
      return progress;
    } catch (error) {
      logger.warn(`${what} by {by} failed`, { ...properties, error });
      const told = error instanceof ProblemError
        ? error
        : new ProblemError(502, "The order could not be given: the process does not answer", {
          cause: error,
        });
      if (own || told !== error) await enter(order, by, told.message);
      throw told;
    }
  };
}

function describe(order: Order): string {
  if (order.order === "report") return "run a report";
  if (order.order === "retry") return `send task ${order.task} again`;
  const verb = order.order === "resume" ? "undrain" : order.order;
  return `${verb} ${order.order === "scale" ? `${order.group} to ${order.count}` : order.instance}`;
}
