import { openKv } from "@flotilla/runtime";
import { testConformance } from "./testing/conformance.ts";
import { canServe, serveStore } from "./testing/served_store.ts";
import { openWithNpmClient, testStore } from "./testing/store_client.ts";

testConformance("Deno.openKv(:memory:)", async () => {
  const kv = await Deno.openKv(":memory:");
  return { kv, [Symbol.asyncDispose]: () => Promise.resolve(kv.close()) };
});

testConformance("@deno/kv", async () => {
  const { store } = testStore();
  const kv = await openWithNpmClient(store);
  return {
    kv,
    async [Symbol.asyncDispose]() {
      kv.close();
      await store.close();
    },
  };
});

testConformance("Deno.openKv(url)", async () => {
  const served = serveStore();
  const kv = await served.open();
  return {
    kv,
    async [Symbol.asyncDispose]() {
      kv.close();
      await served[Symbol.asyncDispose]();
    },
  };
}, { ignore: !canServe });

testConformance("openKv(url)", async () => {
  const served = serveStore();
  const kv = await openKv(served.url);
  return {
    kv,
    async [Symbol.asyncDispose]() {
      kv.close();
      await served[Symbol.asyncDispose]();
    },
  };
}, { ignore: !canServe });
