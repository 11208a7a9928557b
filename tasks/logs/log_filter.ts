import type { LogEntry } from "./log_entry.ts";

/** Levels of a log, the least severe first. */
export const LEVELS = ["trace", "debug", "info", "warning", "error", "fatal"] as const;

/** Which lines to show. */
export interface LogFilterOptions {
  /** The least severe level. @default "trace": all */
  level?: typeof LEVELS[number];
  /** Lines about this request only. @default about any, and about none */
  request?: string;
  /** Lines of these instances only; `service` stands for all whose name begins with `service_`. @default all */
  instances?: readonly string[];
}

/** Makes a test of whether a line is to be shown. */
export function logFilter(options: LogFilterOptions): (entry: LogEntry) => boolean {
  const { level = "trace", request, instances = [] } = options;
  const least = LEVELS.indexOf(level);
  return (entry) =>
    LEVELS.indexOf(entry.level) >= least &&
    (request === undefined || entry.requestId === request) && isNamed(entry.instance, instances);
}

/** Whether an instance is one of those named, by itself or by its group. */
export function isNamed(instance: string, names: readonly string[]): boolean {
  return names.length === 0 ||
    names.some((name) => instance === name || instance.replace(/_\d+$/, "") === name);
}
