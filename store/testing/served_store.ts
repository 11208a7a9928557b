import { kvAccessToken } from "@flotilla/runtime";
import { connectKv, type ConnectKvOptions } from "@flotilla/runtime/kv_connect";
import { createStore, type Store, type StoreOptions } from "../store.ts";

/** A store behind a port. */
export interface ServedStore extends AsyncDisposable {
  readonly store: Store;
  readonly url: string;
  /** Opens it as an application does, with the token of the environment or of development. */
  open(): Promise<Deno.Kv>;
}

/** Whether a test may serve and have `Deno.openKv` read the access token from the environment. */
export const canServe: boolean = await granted({ name: "net" }) && await granted({ name: "env" });

/** Whether a test may start processes of its own and write files. */
export const canSpawn: boolean = canServe && await granted({ name: "run" }) &&
  await granted({ name: "write" }) &&
  await granted({ name: "read" });

/** Serves a store on a port that the system chooses. */
export function serveStore(options: Partial<StoreOptions> = {}): ServedStore {
  const accessToken = kvAccessToken();
  const store = createStore({ accessToken, ...options });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => store.fetch(request, info),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    store,
    url,
    open() {
      Deno.env.set("DENO_KV_ACCESS_TOKEN", accessToken);
      return Deno.openKv(url);
    },
    async [Symbol.asyncDispose]() {
      store.drain();
      await server.shutdown();
      await store.close();
    },
  };
}

/** Opens a store with our own client. */
export async function connectTo(
  { url }: Pick<ServedStore, "url">,
  options: Partial<ConnectKvOptions> = {},
): Promise<Deno.Kv> {
  const kv = await connectKv(url, { accessToken: kvAccessToken(), ...options });
  if (kv === undefined) throw new TypeError("Cannot connect: the store is behind TLS");
  return kv;
}

async function granted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}
