import { asProblem, ProblemError, problemResponse, requireBearerToken } from "@flotilla/runtime";
import { z } from "zod";
import { type Order, orderRequestSchema, type Progress, type Tell } from "./contract.ts";
import type { CarryOut, Operator } from "./operator.ts";

/** What {@linkcode createControl} makes an API from. */
export interface ControlOptions {
  operator: Pick<Operator, "begin" | "system">;
  /** Whoever shows this bearer token may give orders. */
  token: string;
  /** Names this run of the system: who finds it here knows whom it shows its token. */
  run: string;
  /** Whether orders can be carried out already. */
  ready: () => boolean;
  /** Told of every order and what became of it. @default nobody */
  settled?: (order: SettledOrder) => void;
}

/** An order and what became of it. */
export interface SettledOrder {
  readonly order: Order;
  /** Who gave it. */
  readonly by: string;
  /** Why it failed or was refused; `undefined` when it was carried out. */
  readonly failure: string | undefined;
}

/**
 * The API by which a running system takes orders.
 *
 * | request | answer |
 * |---|---|
 * | `GET /` | `{"run"}`, without a token |
 * | `GET /system` | the processes that there are now |
 * | `POST /orders` `{"by", "order"}` | lines of JSON: steps as they are taken, then how it ended. A problem (RFC 9457) when it cannot be begun |
 *
 * An order that has begun is brought to its end, whether or not somebody still listens.
 */
export function createControl(options: ControlOptions): (request: Request) => Promise<Response> {
  const { operator, token, run, ready, settled = () => {} } = options;

  async function take(request: Request): Promise<Response> {
    const { by, order } = await read(request);
    const settle = (failure?: string) => settled({ order, by, failure });
    try {
      if (!ready()) {
        throw new ProblemError(503, "The system is not ready yet", { headers: { "retry-after": "1" } });
      }
      const carryOut = await operator.begin(order);
      return progressOf(carryOut, settle);
    } catch (error) {
      settle(reasonOf(error));
      throw error;
    }
  }

  return async (request) => {
    try {
      const place = `${request.method} ${new URL(request.url).pathname}`;
      if (place === "GET /") return Response.json({ run });
      requireBearerToken(
        request,
        token,
        "Orders are taken from who shows the admin token (FLOTILLA_ADMIN_TOKEN)",
      );
      if (place === "GET /system") return Response.json(operator.system);
      if (place === "POST /orders") return await take(request);
      throw new ProblemError(404, `There is no ${place}`);
    } catch (error) {
      return problemResponse(asProblem(error));
    }
  };
}

async function read(request: Request): Promise<z.infer<typeof orderRequestSchema>> {
  let body: unknown;
  try {
    body = await request.json();
  } catch (cause) {
    throw new ProblemError(400, "The content must be JSON", { cause });
  }
  const result = orderRequestSchema.safeParse(body);
  if (!result.success) throw new ProblemError(422, z.prettifyError(result.error));
  return result.data;
}

function progressOf(carryOut: CarryOut, settle: (failure?: string) => void): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const send = (progress: Progress) => {
        try {
          controller.enqueue(encoder.encode(`${JSON.stringify(progress)}\n`));
        } catch {
          // Nobody listens any more.
        }
      };
      void finish(carryOut, send).then((failure) => {
        settle(failure);
        send(failure === undefined ? { outcome: "done" } : { outcome: "failed", reason: failure });
        try {
          controller.close();
        } catch {
          // As above.
        }
      });
    },
  });
  return new Response(stream, { headers: { "content-type": "application/x-ndjson" } });
}

/** Carries an order out; answers why it failed, if it did. */
async function finish(carryOut: CarryOut, send: (progress: Progress) => void): Promise<string | undefined> {
  const tell: Tell = (step) => send({ step });
  try {
    await carryOut(tell);
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
