import type { AttemptFailure, FailureKind } from "../failure.ts";
import type { BodyFraming } from "./body_framing.ts";
import type { Connection } from "./connection.ts";
import type { HeadLimits } from "./head_limits.ts";
import { ResponseHead } from "./response_head.ts";
import { Wire } from "./wire.ts";

/** Small answers fit; larger ones are moved on through a larger buffer that is borrowed for the time. */
const SIZES = { input: 8_192, growth: 512 };

/** A connection to an upstream, used for one request after another. */
export class UpstreamConnection {
  readonly wire: Wire;
  readonly head: ResponseHead;
  /** The upstream it leads to. */
  readonly upstreamId: string;
  /** Whether a request was answered on it before: only then may it have become stale. */
  reused = false;
  /** What the pool does when it ends while it waits; kept, since it is the same each time. */
  onIdleEnd: (() => void) | undefined;
  /** More came than the answer: nothing after it can be trusted. */
  surplus = false;
  /** Why this side cut it. */
  aborted: FailureKind | undefined;

  constructor(connection: Connection, options: { upstreamId: string; limits: HeadLimits }) {
    this.wire = new Wire(connection, SIZES);
    this.head = new ResponseHead(options.limits);
    this.upstreamId = options.upstreamId;
  }

  /** Gets ready for the next answer. */
  prepare(): void {
    this.aborted = undefined;
    this.surplus = false;
    this.head.reset();
  }

  /** Cuts it; the exchange on it fails with this kind. */
  abort(kind: FailureKind): void {
    this.aborted ??= kind;
    this.wire.cut();
  }

  /** How it came to its end before the answer did. */
  failure(answered: boolean): AttemptFailure {
    const { aborted, wire, reused } = this;
    if (aborted !== undefined) return { kind: aborted };
    const cause = wire.state.kind === "failed" ? wire.state.cause : undefined;
    if (answered) return { kind: "truncated", cause };
    if (wire.available > 0) return { kind: "protocol_error", cause };
    return { kind: reused ? "stale_connection" : "reset", cause };
  }

  /** Whether another request may be sent after this answer: its end is beyond doubt, and nobody has said otherwise. */
  mayBeUsedAgain(answer: BodyFraming): boolean {
    const { wire, head, surplus } = this;
    return wire.open && !wire.sending && !surplus && wire.available === 0 && answer.complete &&
      answer.framing !== "close" &&
      !head.closes && (head.minor === 1 || head.keepsAlive) && head.status !== 101;
  }
}
