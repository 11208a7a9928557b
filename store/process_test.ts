import { freePort, kvAccessToken, KvOutcomeUnknownError, KvUnavailableError } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { canSpawn, connectTo } from "./testing/served_store.ts";

const ignore = !canSpawn;
const MAIN = fromFileUrl(new URL("./main.ts", import.meta.url));

/** A store in a process of its own. */
interface StoreProcess extends AsyncDisposable {
  readonly url: string;
  readonly child: Deno.ChildProcess;
}

function spawn(...args: string[]): Deno.ChildProcess {
  const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-write"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, MAIN, ...args],
    env: { DENO_KV_ACCESS_TOKEN: kvAccessToken() },
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

async function startStore(path: string): Promise<StoreProcess> {
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn("--port", `${port}`, "--path", path, "--drain", "1");
  const said = new Response(child.stderr).text();
  await eventually(async () => {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.ok;
  }, { timeout: 60_000, what: "a store that is ready", unless: child.status });
  return {
    url,
    child,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
      await said;
    },
  };
}

function openKv(url: string): Promise<Deno.Kv> {
  Deno.env.set("DENO_KV_ACCESS_TOKEN", kvAccessToken());
  return Deno.openKv(url);
}

/** A path in a folder that is not there yet. */
function temporaryPath(): { path: string } & Disposable {
  const folder = Deno.makeTempDirSync();
  return {
    path: join(folder, "made", "by", "the", "store.sqlite"),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("A store killed with -9 keeps every write that it acknowledged", { ignore }, async () => {
  using file = temporaryPath();
  const acknowledged = new Map<number, string>();
  {
    await using store = await startStore(file.path);
    const kv = await connectTo(store, { patience: 500 });
    const write = async (first: number) => {
      for (let n = first;; n += 8) {
        const { versionstamp } = await kv.set(["n", n], `value ${n}`);
        acknowledged.set(n, versionstamp);
      }
    };
    const writers = Array.from({ length: 8 }, (_, first) => write(first));
    await eventually(() => acknowledged.size >= 200);
    store.child.kill("SIGKILL");
    for (const ended of await Promise.allSettled(writers)) {
      const reason: unknown = ended.status === "rejected" ? ended.reason : undefined;
      assert(reason instanceof KvOutcomeUnknownError || reason instanceof KvUnavailableError);
    }
    kv.close();
  }
  await using again = await startStore(file.path);
  using kv = await openKv(again.url);
  const kept = new Map<number, { value: unknown; versionstamp: string }>();
  for await (const { key, value, versionstamp } of kv.list({ prefix: ["n"] })) {
    kept.set(Number(key[1]), { value, versionstamp });
  }
  for (const [n, versionstamp] of acknowledged) {
    assertEquals(kept.get(n), { value: `value ${n}`, versionstamp });
  }
  const newest = [...kept.values()].map(({ versionstamp }) => versionstamp).sort().at(-1) ?? "";
  assertGreater((await kv.set(["next"], 1)).versionstamp, newest);
});

Deno.test("A second process on the same file ends with 2 and says why", { ignore }, async () => {
  using file = temporaryPath();
  await using _store = await startStore(file.path);
  const { code, stderr } = await spawn("--port", "0", "--path", file.path).output();
  assertEquals(code, 2);
  assertStringIncludes(new TextDecoder().decode(stderr), `${file.path}: another process has it open`);
});

Deno.test(
  "SIGTERM ends the process with 0 while a watch is open, and the file is left whole",
  { ignore },
  async () => {
    using file = temporaryPath();
    {
      await using store = await startStore(file.path);
      using kv = await openKv(store.url);
      await kv.set(["k"], "v");
      const reader = kv.watch([["k"]]).getReader();
      await reader.read();
      store.child.kill("SIGTERM");
      assertEquals((await store.child.status).code, 0);
      await reader.cancel();
    }
    const files = await Array.fromAsync(Deno.readDir(dirname(file.path)), ({ name }) => name);
    assertEquals(files, ["store.sqlite"]);
  },
);

Deno.test("A flag that the store does not have, or a bad value, ends it with 2", { ignore }, async () => {
  const { code, stderr } = await spawn(
    "--port",
    "0",
    "--synchronous",
    "maybe",
    "--max-bytes",
    "0",
    "--nope",
    "1",
  ).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 2);
  for (const named of ["--synchronous", "--max-bytes", "--nope"]) assertStringIncludes(text, named);
});
