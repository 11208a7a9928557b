import { ManualClock } from "@flotilla/runtime/testing";
import { Session } from "../../yamux/session.ts";
import type { Connection } from "../connection.ts";
import { Deadlines } from "../deadlines.ts";
import { memoryPair } from "./memory_connection.ts";

/** The end of a stream that the other side has opened, and whose opening may not have been heard yet. */
class Accepted implements Connection {
  readonly #stream: Promise<Connection>;
  #closed = false;

  constructor(stream: Promise<Connection>) {
    this.#stream = stream;
  }

  async read(p: Uint8Array): Promise<number | null> {
    return await (await this.#stream).read(p);
  }

  async write(p: Uint8Array): Promise<number> {
    return await (await this.#stream).write(p);
  }

  async closeWrite(): Promise<void> {
    await (await this.#stream).closeWrite();
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("The connection is closed");
    this.#closed = true;
    void this.#stream.then((stream) => stream.close());
  }
}

/**
 * Two ends of a stream of a trunk in memory: what is tested over connections is tested over these as well.
 *
 * @param capacity octets each way that the connection below holds; default 65,536
 */
export function streamPair(capacity?: number): readonly [Connection, Connection] {
  const [near, far] = memoryPair(capacity);
  const deadlines = new Deadlines({ clock: new ManualClock() });
  const { promise, resolve } = Promise.withResolvers<Connection>();
  new Session(far, {
    side: "server",
    deadlines,
    onStream(stream) {
      resolve(stream);
      return true;
    },
  });
  const stream = new Session(near, { side: "client", deadlines }).open();
  if (stream === undefined) throw new Error("Cannot make a pair: a new session has no stream");
  return [stream, new Accepted(promise)];
}
