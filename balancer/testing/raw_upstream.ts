/** A connection of a {@linkcode RawUpstream}, spoken to in bytes. */
export interface RawConnection {
  /** Reads a request's head, up to and with its empty line; `undefined` when the other side closed before. */
  head(): Promise<string | undefined>;
  /** Reads so many bytes as text; fewer when the other side closes. */
  read(length: number): Promise<string>;
  write(text: string): Promise<void>;
  /** Resolves when the other side has closed. */
  closed(): Promise<void>;
}

/** A server on a socket, that does what a test wants and HTTP does not allow. */
export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  /** Heads of all requests, in the order they came. */
  readonly heads: string[];
  readonly connections: number;
}

/** Listens, and has `serve` talk on each connection, which is closed when it is through. */
export function rawUpstream(serve: (connection: RawConnection, index: number) => Promise<void>): RawUpstream {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const heads: string[] = [];
  const open = new Set<Deno.Conn>();
  let connections = 0;

  async function converse(conn: Deno.Conn, index: number): Promise<void> {
    try {
      await serve(speaker(conn, heads), index);
    } catch {
      /* the other side was quicker to close */
    } finally {
      if (open.delete(conn)) conn.close();
    }
  }

  async function accept(): Promise<void> {
    const conversations: Promise<void>[] = [];
    try {
      for await (const conn of listener) {
        open.add(conn);
        conversations.push(converse(conn, connections++));
      }
    } catch { /* the listener was closed */ }
    for (const conn of open) conn.close();
    open.clear();
    await Promise.all(conversations);
  }

  const accepting = accept();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    heads,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) conn.close();
      open.clear();
      await accepting;
    },
  };
}

function speaker(conn: Deno.Conn, heads: string[]): RawConnection {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";

  async function more(): Promise<boolean> {
    const length = await conn.read(buffer);
    if (length !== null) text += decoder.decode(buffer.subarray(0, length), { stream: true });
    return length !== null;
  }

  return {
    async head() {
      while (!text.includes("\r\n\r\n")) if (!await more()) return undefined;
      const end = text.indexOf("\r\n\r\n") + 4;
      const head = text.slice(0, end);
      text = text.slice(end);
      heads.push(head);
      return head;
    },
    async read(length) {
      while (text.length < length) if (!await more()) break;
      const piece = text.slice(0, length);
      text = text.slice(length);
      return piece;
    },
    async write(piece) {
      const bytes = new TextEncoder().encode(piece);
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    },
    async closed() {
      try {
        while (await more());
      } catch { /* reset, which is closed as well */ }
    },
  };
}
