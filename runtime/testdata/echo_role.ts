import { createRole, instanceName, readFlags, serve, serveFlags } from "../mod.ts";

const flags = readFlags({ name: "echo_role", summary: "a role for tests" }, serveFlags);
const instance = instanceName("echo", flags);
const released = Promise.withResolvers<void>();
let waiting = 0;

async function handle(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/slow":
      waiting++;
      await released.promise;
      return new Response("released");
    case "/release":
      released.resolve();
      return new Response("done");
    case "/endless":
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
      );
    default:
      return new Response(String(waiting));
  }
}

await serve(createRole({ role: "echo", instance, handle }), flags, { instance });
