import { createRole, instanceName, readFlags, serve, serveFlags } from "../mod.ts";

const flags = readFlags({ name: "echo_role", summary: "a role for tests" }, serveFlags);
const instance = instanceName("echo", flags);
let waiting = 0;

async function handle(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/slow":
      waiting++;
      return new Response(await request.text());
    case "/endless":
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
      );
    default:
      return new Response(String(waiting));
  }
}

await serve(createRole({ role: "echo", instance, handle }), flags, { instance });
