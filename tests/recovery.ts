import { eventually } from "@flotilla/runtime/testing";
import { send } from "./client.ts";
import type { System } from "./system.ts";

/** Whether a balancer sends requests to an upstream, as its measures tell. */
export async function takesRequests(system: System, balancer: string, upstream: string): Promise<boolean> {
  const { text } = await send(system.adminOriginOf(balancer), "GET", "/metrics");
  const { host } = new URL(system.originOf(upstream));
  const measure = (name: string, value: number) =>
    text.includes(`flotilla_balancer_upstream_${name}{upstream="${host}"} ${value}\n`);
  return measure("up", 1) && measure("ejected", 0);
}

/** Ends a process and waits until it is back and its balancer sends it requests again. */
export async function killAndRecover(system: System, name: string, balancer: string): Promise<void> {
  const before = system.pidOf(name);
  await system.kill(name);
  await recovered(system, { name, before, balancer });
}

/** Waits until a process that was `before` has another id, and its balancer sends it requests again. */
export async function recovered(
  system: System,
  { name, before, balancer }: { name: string; before: number; balancer: string },
): Promise<void> {
  await system.restarted(name, before);
  await eventually(() => takesRequests(system, balancer, name), {
    what: `${balancer} to send requests to ${name}`,
  });
}
