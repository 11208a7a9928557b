/// <reference lib="deno.worker" />
// Sends the flood from a thread of its own, so that it does not hold up the requests that are measured.
import { openLoop } from "../balancer/open_loop.ts";
import { type Flood, login } from "./logins.ts";

self.onmessage = async ({ data: { origin, rate, duration } }: MessageEvent<Flood>) => {
  self.postMessage(await openLoop(`${origin}/auth/login`, { rate, duration, init: login }));
};
