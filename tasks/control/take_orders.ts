import { recordAudit } from "@flotilla/gateway/audit";
import { isFree } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { planProcesses } from "../plan.ts";
import type { Supervisor } from "../supervisor.ts";
import { useSystemDatabase } from "../system_database.ts";
import type { Terminal } from "../terminal.ts";
import { createControl, type SettledOrder } from "./control_api.ts";
import { isRunning } from "./control_client.ts";
import { writeControlFile } from "./control_file.ts";
import type { ControlPort } from "./control_port.ts";
import { describeOrder } from "./describe_order.ts";
import { adminToken } from "./open_control.ts";
import { Operator, type OperatorOptions } from "./operator.ts";

/** What {@linkcode takeOrders} works with. */
export interface TakeOrdersOptions extends Pick<OperatorOptions, "topology" | "home" | "publish"> {
  port: ControlPort;
  /** The folder for databases and logs, absolute. */
  data: string;
  /** Seconds that requests in flight have to finish before an instance is stopped. */
  drain: number;
  terminal: Terminal;
}

/** A system that takes orders, or will. */
export interface OrderTaking extends AsyncDisposable {
  /** From now on orders are carried out; until then they are answered that it is too early. */
  begin(): void;
  /** What was ordered and will not be so when the system is started again, each in a few words. */
  readonly forgotten: readonly string[];
}

/**
 * Has a system take orders, and tells in the folder of its data where.
 *
 * @throws {DataInUseError} when another system that runs has its data there
 */
export async function takeOrders(supervisor: Supervisor, options: TakeOrdersOptions): Promise<OrderTaking> {
  const { port, data, drain, terminal } = options;
  const token = adminToken();
  const run = crypto.randomUUID();
  const operator = new Operator({
    ...options,
    plan: (topology, standings) => planProcesses(topology, { data, standings }),
    supervisor,
    isFree,
    adminToken: token,
    drain: drain * 1_000,
  });
  let begun = false;
  const settled = (order: SettledOrder) => {
    report(order, terminal);
    void enter(order, supervisor, terminal);
  };
  port.answer(createControl({ operator, token, run, ready: () => begun, settled }));
  const file = await writeControlFile(data, { origin: port.origin, run, pid: Deno.pid }, isRunning);
  return {
    begin() {
      begun = true;
    },
    get forgotten() {
      return operator.changes;
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Enters an order into the audit log that the dashboard shows. */
async function enter(
  { order, by, failure }: SettledOrder,
  supervisor: Supervisor,
  terminal: Terminal,
): Promise<void> {
  const entry = { by, what: describeOrder(order), ...(failure === undefined ? {} : { failure }) };
  try {
    await useSystemDatabase(supervisor.processes.map(({ plan }) => plan), (kv) => recordAudit(kv, entry));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.say(`An order is not in the audit log: ${reason}`, "notice");
  }
}

function report({ order, by, failure }: SettledOrder, terminal: Terminal): void {
  const what = describeOrder(order);
  const logger = getLogger(["flotilla", "control"]);
  if (failure === undefined) {
    logger.info("{what} by {by}: done", { what, by });
    terminal.say(`Done for ${by}: ${what}`);
  } else {
    logger.warn("{what} by {by}: {failure}", { what, by, failure });
    terminal.say(`Not done for ${by}: ${what}: ${failure}`, "notice");
  }
}
