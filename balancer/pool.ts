import type { Clock, Timer } from "@flotilla/runtime";
import type { Monotonic } from "./monotonic.ts";
import { chooseRotation, type PanicOptions, type Rotation } from "./rotation.ts";
import { SLOW_START_STEPS, type SlowStart, warmWeight } from "./slow_start.ts";
import type { Strategy } from "./strategy.ts";
import type { UpstreamOptions } from "./upstream.ts";
import { identify, type UpstreamIdentity, UpstreamState } from "./upstream_state.ts";

/** What a pool is made from. */
export interface PoolOptions {
  readonly strategy: Strategy;
  readonly slowStart: SlowStart;
  readonly panic: Required<PanicOptions>;
  readonly clock: Clock;
  readonly now: Monotonic;
  /** Whether members are checked: if not, they are taken to be up. */
  readonly checked: boolean;
  joined(upstream: UpstreamState): void;
  /** It is no member any more; requests may still be inside it. */
  left(upstream: UpstreamState): void;
  /** It takes no new requests any more: whoever waits for it must go elsewhere. */
  retired(upstream: UpstreamState): void;
}

/** Who belongs to the balancer, and which of them take requests now. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #members = new Map<string, UpstreamState>();
  /** Since when each one is in rotation, in monotonic milliseconds. */
  #inRotation = new Map<UpstreamState, number>();
  #rotation: Rotation = { mode: "empty", upstreams: [] };
  #warming: Timer | undefined;
  #started = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get members(): readonly UpstreamState[] {
    return [...this.#members.values()];
  }

  get rotation(): Rotation {
    return this.#rotation;
  }

  get(id: string): UpstreamState | undefined {
    return this.#members.get(id);
  }

  /**
   * Makes these the members. Who stays keeps its state (draining too) and its requests; who goes finishes
   * what it has.
   *
   * @throws {TypeError} when two have the same id, or one's address cannot be used; nothing is changed then
   */
  update(upstreams: readonly UpstreamOptions[]): void {
    const wanted = new Map(upstreams.map((options) => {
      const identity = identify(options);
      return [identity.id, { ...identity, draining: options.draining ?? false }] as const;
    }));
    if (wanted.size < upstreams.length) {
      throw new TypeError("Cannot update upstreams: two of them have the same id");
    }
    for (const member of this.members) {
      if (wanted.get(member.id)?.origin !== member.origin) this.#remove(member);
    }
    for (const identity of wanted.values()) {
      const member = this.#members.get(identity.id);
      if (member === undefined) this.#add(identity);
      else member.weight = identity.weight;
    }
    this.refresh();
    this.#started = true;
  }

  /** Has one take no new requests, or take them again. `undefined` when there is none of that id. */
  setDraining(id: string, draining: boolean): UpstreamState | undefined {
    const member = this.#members.get(id);
    if (member === undefined) return undefined;
    member.draining = draining;
    this.refresh();
    return member;
  }

  /** Works out anew who takes requests, at what weight, and has the strategy built for it. */
  refresh(): void {
    const { panic, strategy, now } = this.#options;
    const before = this.#inRotation;
    this.#rotation = chooseRotation(this.members, panic);
    this.#inRotation = new Map(
      this.#rotation.upstreams.map((upstream) => [upstream, before.get(upstream) ?? now()]),
    );
    for (const upstream of this.#rotation.upstreams) {
      if (!before.has(upstream)) this.#beginWarming(upstream, before);
    }
    this.#applyWeights();
    strategy.rebuild(this.#rotation.upstreams);
    for (const upstream of before.keys()) {
      if (!this.#inRotation.has(upstream)) this.#options.retired(upstream);
    }
  }

  close(): void {
    this.#warming?.cancel();
    this.#warming = undefined;
  }

  #initialHealth() {
    return this.#options.checked
      ? { kind: "unknown" } as const
      : { kind: "up", since: this.#options.clock.now() } as const;
  }

  #add(identity: UpstreamIdentity & { readonly draining: boolean }): void {
    const upstream = new UpstreamState(identity, this.#initialHealth());
    upstream.draining = identity.draining;
    this.#members.set(upstream.id, upstream);
    this.#options.joined(upstream);
  }

  #remove(upstream: UpstreamState): void {
    upstream.draining = true;
    this.#members.delete(upstream.id);
    this.#options.left(upstream);
  }

  /**
   * Whoever joins others that have run for a while begins with a part of its weight; who starts together
   * starts level.
   */
  #beginWarming(upstream: UpstreamState, before: ReadonlyMap<UpstreamState, number>): void {
    const { slowStart, now } = this.#options;
    const time = now();
    const othersAreWarm = [...before.values()].some((since) => time - since >= slowStart.window);
    upstream.warmingSince = this.#started && slowStart.window > 0 && othersAreWarm ? time : undefined;
  }

  #applyWeights(): void {
    const { slowStart, now, clock } = this.#options;
    let warming = false;
    for (const upstream of this.#rotation.upstreams) {
      const elapsed = upstream.warmingSince === undefined ? Infinity : now() - upstream.warmingSince;
      if (elapsed >= slowStart.window) upstream.warmingSince = undefined;
      else warming = true;
      upstream.effectiveWeight = warmWeight(upstream.weight, elapsed, slowStart);
    }
    if (!warming || this.#warming !== undefined) return;
    this.#warming = clock.setTimeout(
      () => {
        this.#warming = undefined;
        this.refresh();
      },
      slowStart.window / SLOW_START_STEPS,
      { background: true },
    );
  }
}
