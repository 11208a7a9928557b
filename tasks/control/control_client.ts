import { TextLineStream } from "@std/streams";
import { z } from "zod";
import { type Order, progressSchema, type RunningSystem, systemSchema, type Tell } from "./contract.ts";
import type { ControlFile } from "./control_file.ts";

/** A running system did not do as it was asked. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

/** What {@linkcode findControl} works with. */
export interface ControlClientOptions {
  /** What orders are given with. */
  token: string;
  /** @default `fetch` */
  fetch?: (request: Request) => Promise<Response>;
}

const BROKEN_OFF = "The system stopped before the order was carried out";

const runSchema = z.object({ run: z.string() });
const problemSchema = z.object({ detail: z.string() });

/** Milliseconds that a system has to say who it is. */
const TIMEOUT = 2_000;

/**
 * Whether the system that left this file runs. Something else may listen at that address by now, and is shown no token.
 */
export async function isRunning(
  { origin, run }: ControlFile,
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
): Promise<boolean> {
  try {
    const response = await send(
      new Request(origin, { signal: AbortSignal.timeout(TIMEOUT), redirect: "error" }),
    );
    return runSchema.safeParse(await response.json()).data?.run === run;
  } catch {
    return false;
  }
}

/** Gives orders to a running system. */
export class ControlClient {
  readonly #origin: string;
  readonly #token: string;
  readonly #fetch: (request: Request) => Promise<Response>;

  constructor({ origin }: ControlFile, options: ControlClientOptions) {
    this.#origin = origin;
    this.#token = options.token;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
  }

  /**
   * The processes that there are now.
   *
   * @throws {ControlError} when it does not tell
   */
  async system(): Promise<RunningSystem> {
    return systemSchema.parse(await (await this.#send("GET", "/system")).json());
  }

  /**
   * Gives an order and waits until it was carried out.
   *
   * @throws {ControlError} when it is refused or fails
   */
  async order(order: Order, options: { by: string; tell: Tell }): Promise<void> {
    const { body } = await this.#send("POST", "/orders", { by: options.by, order });
    for await (const line of linesOf(body)) {
      const progress = progressSchema.parse(JSON.parse(line));
      if ("step" in progress) options.tell(progress.step);
      else if (progress.outcome === "failed") throw new ControlError(progress.reason);
      else return;
    }
    throw new ControlError(BROKEN_OFF);
  }

  async #send(method: string, path: string, json?: unknown): Promise<Response> {
    const response = await this.#try(
      new Request(`${this.#origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body: json === undefined ? null : JSON.stringify(json),
        redirect: "error",
      }),
    );
    if (response.ok) return response;
    const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
    throw new ControlError(problem.data?.detail ?? `The system answers ${response.status}`);
  }

  async #try(request: Request): Promise<Response> {
    try {
      return await this.#fetch(request);
    } catch (cause) {
      throw new ControlError("The system does not answer", { cause });
    }
  }
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  try {
    yield* body?.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()) ?? [];
  } catch (cause) {
    throw new ControlError(BROKEN_OFF, { cause });
  }
}
