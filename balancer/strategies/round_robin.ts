import type { PickContext } from "../attempt.ts";
import type { Eligible, Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import { type HeapNode, IndexedHeap } from "./indexed_heap.ts";

/**
 * An upstream's next turn: it may be taken from `release` on and has to be taken before `deadline`, counted
 * in picks.
 */
interface Turn extends HeapNode {
  readonly weight: number;
  readonly order: number;
  start: number;
  served: number;
  release: number;
  deadline: number;
}

/**
 * Smooth weighted round-robin: after any number of picks, each upstream has had its exact share to within one
 * request.
 *
 * The well-known smooth algorithm of nginx looks at every upstream for every pick. This one gives each turn a
 * window, as proportionate-progress scheduling does (Baruah, Cohen, Plaxton, Varvel 1996): the k-th turn of
 * an upstream of weight w among a total of W lies between picks ⌊kW/w⌋ and ⌈(k+1)W/w⌉, and of those whose
 * window is open the one that closes first is taken. With two heaps a pick costs O(log n).
 */
export function roundRobin(): Strategy {
  const ready = new IndexedHeap<Turn>(byDeadline);
  const early = new IndexedHeap<Turn>(byRelease);
  let total = 0;
  let picks = 0;
  let last: Upstream | undefined;

  function schedule(turn: Turn): void {
    turn.release = turn.start + Math.floor((turn.served * total) / turn.weight);
    turn.deadline = turn.start + Math.ceil(((turn.served + 1) * total) / turn.weight);
  }

  function openWindows(): void {
    for (let next = early.peek(); next !== undefined && next.release <= picks; next = early.peek()) {
      early.remove(next);
      ready.push(next);
    }
  }

  function take(turn: Turn): void {
    (turn.release <= picks ? ready : early).remove(turn);
    // Whoever stands in for one that may not be had is not in debt for it afterwards, and whoever was passed
    // over for long (full, say) does not catch up on all it missed.
    if (turn.release > picks) turn.start -= turn.release - picks;
    if (picks - turn.deadline > total / turn.weight) [turn.start, turn.served] = [picks, 0];
    turn.served++;
    schedule(turn);
    early.push(turn);
    picks++;
    last = turn.upstream;
  }

  return {
    name: "round-robin",
    rebuild(upstreams) {
      ready.clear();
      early.clear();
      picks = 0;
      total = upstreams.reduce((sum, { effectiveWeight }) => sum + effectiveWeight, 0);
      // Where weights are equal the turn goes on behind the last one taken, so that a change does not favour
      // the first.
      const after = last === undefined ? 0 : upstreams.indexOf(last) + 1;
      for (const [index, upstream] of upstreams.entries()) {
        const order = (index - after + upstreams.length) % upstreams.length;
        const turn: Turn = {
          upstream,
          weight: upstream.effectiveWeight,
          order,
          position: -1,
          start: 0,
          served: 0,
          release: 0,
          deadline: 0,
        };
        schedule(turn);
        early.push(turn);
      }
    },
    pick(_request: PickContext, eligible: Eligible) {
      openWindows();
      const turn = ready.first(eligible) ?? early.first(eligible);
      if (turn === undefined) return undefined;
      take(turn);
      return turn.upstream;
    },
  };
}

function byDeadline(a: Turn, b: Turn): number {
  return a.deadline - b.deadline || a.order - b.order;
}

function byRelease(a: Turn, b: Turn): number {
  return a.release - b.release || a.order - b.order;
}
