import {
  continueTrace,
  type IdentityFields,
  type RequestContext,
  type RoleFrame,
  type TraceContext,
} from "@flotilla/runtime";
import type { Knock } from "./door.ts";
import { fromLatin1, latin1 } from "./octets.ts";

/** What a {@linkcode KnockContext} is made of. */
export interface KnockContextOptions {
  readonly knock: Knock;
  readonly frame: RoleFrame;
  readonly instance: string;
}

/** The context of a request that is replied to with octets, and has an id: what of its head is decoded, is so when asked. */
export abstract class KnockContext implements RequestContext {
  abstract readonly route: string;
  readonly instance: string;
  readonly #knock: Knock;
  readonly #frame: RoleFrame;

  constructor({ knock, frame, instance }: KnockContextOptions) {
    this.#knock = knock;
    this.#frame = frame;
    this.instance = instance;
  }

  get requestId(): string {
    const { bytes, head } = this.#knock;
    return latin1(bytes, head.requestIdStart, head.requestIdEnd);
  }

  get trace(): TraceContext {
    const { bytes, head } = this.#knock;
    return continueTrace({ get: (name) => head.text(bytes, fromLatin1(name)) ?? null });
  }

  get peer(): string | undefined {
    return this.#knock.peer;
  }

  get draining(): AbortSignal {
    return this.#frame.draining;
  }

  /** A reply with octets takes no longer than the database may. */
  timeLeft(): number {
    return Infinity;
  }

  identify(): IdentityFields {
    return { "x-request-id": this.requestId, "x-served-by": this.instance };
  }
}
