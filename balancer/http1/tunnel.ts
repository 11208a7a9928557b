import type { BufferPool } from "./buffer_pool.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Wire } from "./wire.ts";

/** What a tunnel works with. */
export interface TunnelOptions {
  readonly buffers: BufferPool;
  readonly deadlines: Deadlines;
  /** Milliseconds without an octet either way until it is closed. */
  readonly idle: number;
}

/**
 * Carries octets both ways until both sides have ended. When one side ends, the other is told so and may go on sending; when
 * one fails, both are closed.
 */
export async function tunnel(a: Wire, b: Wire, options: TunnelOptions): Promise<void> {
  const { deadlines, idle } = options;
  a.onEnd = b.onEnd = undefined;
  a.onExpire = b.onExpire = () => {
    a.cut();
    b.cut();
  };
  const touch = () => a.deadline = deadlines.now + idle;
  b.deadline = Infinity;
  touch();
  await Promise.all([carry(a, b, { ...options, touch }), carry(b, a, { ...options, touch })]);
}

async function carry(from: Wire, to: Wire, options: TunnelOptions & { touch: () => void }): Promise<void> {
  const { buffers, touch } = options;
  // The read that waited for the client to leave, or what came with the answer's head, is the first piece.
  if (from.available > 0 || from.reading) {
    if (from.reading) await from.fill();
    if (from.available > 0) await to.write(from.bytes.subarray(from.start, from.end));
    from.start = from.end;
    touch();
  }
  const buffer = buffers.borrow();
  while (from.open && (to.open || to.state.kind === "ended")) {
    const count = await from.readInto(buffer);
    touch();
    if (count > 0 && !(await to.write(buffer.subarray(0, count)))) break;
  }
  buffers.giveBack(buffer);
  if (from.state.kind === "ended") await to.endWrite();
  else {
    from.cut();
    to.cut();
  }
}
