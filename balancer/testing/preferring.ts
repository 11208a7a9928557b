import type { Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";

/** A strategy that takes the upstream of this id whenever it is in rotation, and minds nothing else. */
export function preferring(id: string): Strategy {
  let upstreams: readonly Upstream[] = [];
  return {
    name: `preferring ${id}`,
    rebuild(list) {
      upstreams = list;
    },
    pick: () => upstreams.find((upstream) => upstream.id === id) ?? upstreams[0],
  };
}
