import type { Operation, Version } from "./history.ts";
import { seededRandom } from "@flotilla/runtime";
import { ABSENT, type State, stateKey, step } from "./register.ts";

/** What {@linkcode checkLinearizable} found. */
export type Verdict =
  | { readonly kind: "linearizable" }
  /** No order explains the answers. */
  | {
    readonly kind: "violation";
    /** The longest order that explains a part of them. */
    readonly explained: readonly Operation[];
    /** Operations of which none can come next. */
    readonly stuck: readonly Operation[];
  }
  /** The search was given up. */
  | { readonly kind: "undecided"; readonly steps: number };

/** How {@linkcode checkLinearizable} searches. */
export interface LinearizabilityOptions {
  /** Steps after which it gives up. @default 5_000_000 */
  maxSteps?: number;
}

/**
 * Whether the answers about one record can be explained by every operation taking effect at one moment between its
 * start and its end (Herlihy and Wing, 1990). A write without an answer may take effect at any time after its start,
 * also after the end of the history, or never. A read that may be out of date takes no place in that order, and tells
 * which version a write has all the same: who read so may write on the condition of that version.
 *
 * The search is that of Wing and Gong, with the memory of Lowe ("Testing for linearizability", 2017): a set of
 * operations that led to a state once is not tried again.
 */
export function checkLinearizable(
  operations: readonly Operation[],
  options: LinearizabilityOptions = {},
): Verdict {
  const { maxSteps = 5_000_000 } = options;
  return new Search(operations.filter(hasPlace), { maxSteps, versions: seenVersions(operations) }).run();
}

/** A read without an answer, or with one that may be out of date, can be at any place. */
function hasPlace({ call, outcome, maxStale = 0 }: Operation): boolean {
  return call.kind !== "read" || (outcome.kind !== "unknown" && maxStale === 0);
}

/** A call or a return, in a list of both in the order of time. */
interface Node {
  readonly operation: Operation;
  readonly index: number;
  readonly kind: "call" | "return";
  previous: Node | undefined;
  next: Node | undefined;
  /** Of a call that returned. */
  partner: Node | undefined;
}

interface Choice {
  readonly node: Node;
  readonly before: State;
}

class Search {
  readonly #maxSteps: number;
  readonly #versions: ReadonlyMap<string, Version>;
  readonly #head: Node;
  readonly #hashes: { readonly low: number; readonly high: number }[];
  readonly #seen = new Set<string>();
  #returning: number;
  #low = 0;
  #high = 0;
  #state: State = ABSENT;
  #chosen: Choice[] = [];
  #best: Operation[] = [];
  #stuck: Operation[] = [];

  constructor(
    operations: readonly Operation[],
    { maxSteps, versions }: { maxSteps: number; versions: ReadonlyMap<string, Version> },
  ) {
    this.#maxSteps = maxSteps;
    this.#versions = versions;
    this.#head = linkedEvents(operations);
    this.#returning = operations.filter(({ outcome }) => outcome.kind !== "unknown").length;
    const random = seededRandom(operations.length + 1);
    const bits = () => Math.floor(random() * 2 ** 32);
    this.#hashes = operations.map(() => ({ low: bits(), high: bits() }));
  }

  run(): Verdict {
    let node = this.#head.next;
    for (let steps = 0; this.#returning > 0; steps++) {
      if (steps === this.#maxSteps) return { kind: "undecided", steps };
      if (node !== undefined && node.kind === "call") {
        node = this.#choose(node) ? this.#head.next : node.next;
        continue;
      }
      this.#remember();
      const choice = this.#chosen.pop();
      if (choice === undefined) return { kind: "violation", explained: this.#best, stuck: this.#stuck };
      this.#undo(choice);
      node = choice.node.next;
    }
    return { kind: "linearizable" };
  }

  /** Lets the operation come next, when that explains its answer and was not tried before. */
  #choose(node: Node): boolean {
    const { operation, index } = node;
    const next = step(this.#state, operation, this.#versions);
    if (next === undefined) return false;
    const hash = this.#hashes[index] ?? { low: 0, high: 0 };
    const low = (this.#low ^ hash.low) >>> 0;
    const high = (this.#high ^ hash.high) >>> 0;
    const key = `${low},${high},${stateKey(next)}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#chosen.push({ node, before: this.#state });
    [this.#state, this.#low, this.#high] = [next, low, high];
    lift(node);
    if (node.partner !== undefined) this.#returning--;
    return true;
  }

  #undo({ node, before }: Choice): void {
    const hash = this.#hashes[node.index] ?? { low: 0, high: 0 };
    this.#state = before;
    this.#low = (this.#low ^ hash.low) >>> 0;
    this.#high = (this.#high ^ hash.high) >>> 0;
    unlift(node);
    if (node.partner !== undefined) this.#returning++;
  }

  /** Keeps the longest explanation, for the message. */
  #remember(): void {
    if (this.#chosen.length < this.#best.length || (this.#best.length === 0 && this.#stuck.length > 0)) {
      return;
    }
    this.#best = this.#chosen.map(({ node }) => node.operation);
    this.#stuck = [];
    for (let node = this.#head.next; node?.kind === "call"; node = node.next) {
      this.#stuck.push(node.operation);
    }
  }
}

/** Which write has which version, by all answers. */
function seenVersions(operations: readonly Operation[]): Map<string, Version> {
  const versions = new Map<string, Version>();
  for (const { call, outcome } of operations) {
    if (outcome.kind === "found") versions.set(outcome.token, outcome.version);
    else if (call.kind === "put" && "version" in outcome) versions.set(call.token, outcome.version);
  }
  return versions;
}

/** Calls and returns in the order of time, behind a head. Of two at the same time the call comes first. */
function linkedEvents(operations: readonly Operation[]): Node {
  const nodes: { node: Node; time: number }[] = [];
  const add = (operation: Operation, index: number, kind: Node["kind"], time: number) => {
    const node: Node = { operation, index, kind, previous: undefined, next: undefined, partner: undefined };
    nodes.push({ node, time });
    return node;
  };
  for (const [index, operation] of operations.entries()) {
    const call = add(operation, index, "call", operation.start);
    if (operation.outcome.kind !== "unknown") call.partner = add(operation, index, "return", operation.end);
  }
  nodes.sort((one, other) => one.time - other.time || (one.node.kind === "call" ? -1 : 1));
  const head: Node = {
    operation: {
      client: "",
      key: "",
      call: { kind: "read" },
      outcome: { kind: "unknown" },
      start: 0,
      end: 0,
    },
    index: -1,
    kind: "call",
    previous: undefined,
    next: undefined,
    partner: undefined,
  };
  let last = head;
  for (const { node } of nodes) {
    last.next = node;
    node.previous = last;
    last = node;
  }
  return head;
}

function lift(node: Node): void {
  remove(node);
  if (node.partner !== undefined) remove(node.partner);
}

function unlift(node: Node): void {
  if (node.partner !== undefined) insert(node.partner);
  insert(node);
}

function remove(node: Node): void {
  if (node.previous !== undefined) node.previous.next = node.next;
  if (node.next !== undefined) node.next.previous = node.previous;
}

function insert(node: Node): void {
  if (node.previous !== undefined) node.previous.next = node;
  if (node.next !== undefined) node.next.previous = node;
}
