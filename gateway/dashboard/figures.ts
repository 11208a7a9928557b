/** Stands where nothing is known. */
export const NOTHING = "–";

/** A rate in few characters: `0`, `0.4`, `12.3`, `1,240`. */
export function rate(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING;
  if (value < 0.05) return "0";
  return value < 100 ? value.toFixed(1) : grouped(Math.round(value));
}

/** A time given in seconds: `0.8 ms`, `12 ms`, `1.4 s`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  const ms = seconds * 1_000;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${seconds.toFixed(1)} s`;
}

/** Bytes: `84 MB`. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  return value < 1e9 ? `${Math.round(value / 1e6)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** A share from 0 to 1: `97%`. */
export function percent(share: number | undefined): string {
  return share === undefined ? NOTHING : `${Math.round(share * 100)}%`;
}

/** A count: `1,240`. */
export function count(value: number | undefined): string {
  return value === undefined ? NOTHING : grouped(value);
}

function grouped(value: number): string {
  return value.toLocaleString("en-GB");
}
