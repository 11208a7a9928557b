/** Answers a request. */
type Handler = (request: Request) => Promise<Response>;

/** A loopback port that listens before it is known who answers there. */
export interface ControlPort extends AsyncDisposable {
  readonly origin: string;
  /** Has requests answered from now on; until then they get 503. */
  answer(handler: Handler): void;
}

/** Listens on a port that the machine chooses: gateways are told of it when they are started. */
export function openControlPort(): ControlPort {
  let handle: Handler = () => Promise.resolve(new Response(null, { status: 503 }));
  // Breaks off what is still told of an order: nobody may hold the system up by listening.
  const closing = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: closing.signal },
    (request) => handle(request),
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    answer(handler) {
      handle = handler;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.race([server.finished, new Promise((resolve) => setTimeout(resolve, 100))]);
    },
  };
}
