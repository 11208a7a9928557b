import { eventually } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { openInBackground } from "./background_kv.ts";

Deno.test("openInBackground() has the database once it could be opened, and closes it", async () => {
  const server = Promise.withResolvers<void>();
  const background = openInBackground(":memory:", {
    async open(target) {
      await server.promise;
      return await Deno.openKv(target);
    },
  });
  assertEquals(background.current, undefined);
  server.resolve();
  const kv = await eventually(() => background.current);
  await kv.set(["a"], 1);
  background[Symbol.dispose]();
  assertEquals(background.current, undefined);
});

Deno.test("openInBackground() gives up waiting when it is disposed, and closes what comes late", async () => {
  const server = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Deno.Kv>();
  const background = openInBackground(":memory:", {
    async open(target) {
      await server.promise;
      const kv = await Deno.openKv(target);
      opened.resolve(kv);
      return kv;
    },
  });
  background[Symbol.dispose]();
  server.resolve();
  // It is closed by then: the test would be found to leak it otherwise.
  await opened.promise;
  assertEquals(background.current, undefined);
});

Deno.test("openInBackground() lives with a database that refuses", async () => {
  const refused = Promise.withResolvers<void>();
  using background = openInBackground("http://127.0.0.1:1", {
    open: () => {
      refused.resolve();
      return Promise.reject(new TypeError("wrong token"));
    },
  });
  await refused.promise;
  assertEquals(background.current, undefined);
});
