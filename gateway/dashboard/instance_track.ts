import type { Reading } from "./reading.ts";
import { type Vitals, vitalsBetween } from "./vitals.ts";

/** Milliseconds over which rates are taken: long enough to be calm, short enough to follow. */
const WINDOW = 5_500;

/** Whether a process answers. */
export type Presence =
  /** It was not asked yet. */
  | { readonly kind: "unknown" }
  | { readonly kind: "present"; readonly vitals: Vitals | undefined }
  /** It does not answer since then (milliseconds since the epoch), for this reason. */
  | { readonly kind: "absent"; readonly since: number; readonly reason: string };

/** Follows one process from reading to reading. */
export class InstanceTrack {
  #readings: Reading[] = [];
  #presence: Presence = { kind: "unknown" };

  get presence(): Presence {
    return this.#presence;
  }

  /** It has told how it does. */
  take(reading: Reading): void {
    const recent = this.#readings.findIndex(({ at }) => at >= reading.at - WINDOW);
    // One that is older is kept when there is no other: rates need two.
    this.#readings = this.#readings.slice(recent < 0 ? -1 : recent);
    const [before] = this.#readings;
    this.#readings.push(reading);
    const vitals = before === undefined ? undefined : vitalsBetween(before, reading);
    this.#presence = { kind: "present", vitals };
  }

  /** It did not answer. What it told before means nothing any more. */
  miss(now: number, reason: string): void {
    const since = this.#presence.kind === "absent" ? this.#presence.since : now;
    this.#readings = [];
    this.#presence = { kind: "absent", since, reason };
  }
}
