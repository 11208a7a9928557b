/**
 * For the one thread of a balancer's process:
 *
 * - The collector of garbage works on that thread, in steps of tenths of a millisecond. With helpers of its own it is quicker where
 *   cores are idle, but a balancer is given a core, and there they push it aside for milliseconds while requests wait.
 * - The old generation may grow to 128 MB before it is collected for the first time, and then to five times what was alive, which is
 *   as much. While it is marked, for 30 ms, requests get half of the thread. A socket of Deno keeps a set of its reads, whose table is
 *   made anew with each read, among the old once it was there: 240 octets a request, which by V8's own measure are collected every
 *   2.5 s at half load.
 * - Nothing is made among the old from the start. V8 would do so where nearly all that was made at a place grew old, which connections
 *   that are kept alive do; and what is old and dead keeps all it leads to, so that connections of one request would be moved twice
 *   each, and be left to the collection of what is old.
 */
const BALANCER = [
  "--single-threaded-gc",
  "--initial-old-space-size=128",
  "--heap-growing-percent=400",
  "--no-allocation-site-pretenuring",
];

/**
 * For a worker: objects that are new may take 32 MB, twice as much as by default, before those that are alive are moved out of the
 * way. Some hundred tasks are on their way at any time, and all they consist of is moved each time.
 */
const WORKER = ["--min-semi-space-size=32", "--max-semi-space-size=32"];

/**
 * For a store: a collection of its new objects finds next to none alive and takes a fifth of a millisecond on the one thread there
 * is. New objects have all the room from the start that V8 would give them in time.
 */
const STORE = ["--single-threaded-gc", "--min-semi-space-size=16"];

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  balancer: BALANCER,
  worker: WORKER,
  store: STORE,
};

/** How V8 runs the process of a role: arguments of `deno run`. */
export function v8Flags(role: string): string[] {
  const flags = FLAGS[role];
  return flags === undefined ? [] : [`--v8-flags=${flags.join(",")}`];
}
