import type { Progress } from "./task_state.ts";

const NOTE_LIMIT = 200;

/** Progress as a run tells it, brought into bounds: a fraction from 0 to 1 that is no `NaN`, and a short note. */
export function progressOf(fraction: number, note?: string): Progress {
  const bounded = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
  const rounded = Math.round(bounded * 10_000) / 10_000;
  return note === undefined ? { fraction: rounded } : { fraction: rounded, note: note.slice(0, NOTE_LIMIT) };
}
