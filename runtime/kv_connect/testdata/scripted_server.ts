/** A request as it came. */
export interface SeenRequest {
  /** The last part of its path; empty for the metadata exchange. */
  readonly operation: string;
  readonly fields: Headers;
}

/** What becomes of a request: an answer's octets, after which the connection ends where it says so. */
export interface Scripted {
  /** Octets of the answer; none at all where it is missing. */
  readonly answer?: string | Uint8Array;
  /** @default false */
  readonly hangUp?: boolean;
}

/** A server of raw octets, which does what a script says with each request. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** The operations that were asked for, without the metadata exchanges. */
  operations(): string[];
}

const encoder = new TextEncoder();

/** An answer of octets. */
export function answer(status: number, content: string | Uint8Array, fields = ""): Uint8Array {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  const head = encoder.encode(
    `HTTP/1.1 ${status} Scripted\r\ncontent-length: ${bytes.length}\r\n${fields}\r\n`,
  );
  return new Uint8Array([...head, ...bytes]);
}

/** Metadata of a database that is at the server itself. */
export function metadataAnswer(changes: Record<string, unknown> = {}): Uint8Array {
  const metadata = {
    version: 3,
    databaseId: "3f3e1d0e-5a5f-4c7b-8f0c-2f6f2a9d1e11",
    endpoints: [{ url: "/v3", consistency: "strong" }],
    token: "the-token",
    expiresAt: "2999-01-01T00:00:00Z",
    ...changes,
  };
  return answer(200, JSON.stringify(metadata), "content-type: application/json\r\n");
}

/**
 * @param script asked for each request, with how many of its operation came before
 * @param port where it listens; by default one that is free
 */
export function scriptServer(
  script: (request: SeenRequest, before: number) => Scripted,
  port = 0,
): ScriptedServer {
  const listener = Deno.listen({ port, hostname: "127.0.0.1" });
  const seen: SeenRequest[] = [];
  const connections = new Set<Deno.Conn>();
  const serveAll = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      void serve(connection).catch(() => {}).finally(() => {
        if (connections.delete(connection)) connection.close();
      });
    }
  })().catch(() => {});

  async function serve(connection: Deno.Conn): Promise<void> {
    for await (const request of requestsOf(connection)) {
      const before = seen.filter(({ operation }) => operation === request.operation).length;
      seen.push(request);
      const { answer, hangUp = false } = script(request, before);
      if (answer !== undefined) {
        await connection.write(typeof answer === "string" ? encoder.encode(answer) : answer);
      }
      if (hangUp) return;
    }
  }

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    seen,
    operations: () => seen.map(({ operation }) => operation).filter((operation) => operation !== ""),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) connection.close();
      connections.clear();
      await serveAll;
    },
  };
}

/** The requests of a connection, each once it is whole. */
async function* requestsOf(connection: Deno.Conn): AsyncGenerator<SeenRequest> {
  let text = "";
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    const head = text.slice(0, Math.max(0, end));
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (end !== -1 && text.length >= end + 4 + length) {
      text = text.slice(end + 4 + length);
      yield requestOf(head);
      continue;
    }
    const count = await connection.read(buffer);
    if (count === null) return;
    for (const byte of buffer.subarray(0, count)) text += String.fromCharCode(byte);
  }
}

function requestOf(head: string): SeenRequest {
  const [start = "", ...lines] = head.split("\r\n");
  const fields = new Headers();
  for (const line of lines) {
    fields.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1));
  }
  return { operation: start.split(" ")[1]?.split("/").at(-1) ?? "", fields };
}
