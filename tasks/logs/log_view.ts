import { blue, cyan, dim, green, magenta, red, yellow } from "@std/fmt/colors";
import type { LogEntry } from "./log_entry.ts";

const INSTANCE_COLOURS = [cyan, magenta, green, blue, yellow];

const LEVEL_COLOURS: Readonly<Record<LogEntry["level"], (text: string) => string>> = {
  trace: dim,
  debug: dim,
  info: (text) => text,
  warning: yellow,
  error: red,
  fatal: red,
};

/** Makes a renderer of log lines, with the instances' names in one column and each in its colour. */
export function createLogView(instances: readonly string[]): (entry: LogEntry) => string {
  const width = Math.max(0, ...instances.map((name) => name.length));
  const colours = new Map(
    instances.map((name, index) => [name, INSTANCE_COLOURS[index % INSTANCE_COLOURS.length] ?? cyan]),
  );
  return ({ time, instance, level, text, requestId }) => {
    const name = (colours.get(instance) ?? cyan)(instance.padEnd(width));
    const about = requestId === undefined ? "" : dim(` [${requestId}]`);
    return `${dim(timeOfDay(time))} ${name} ${LEVEL_COLOURS[level](`${level.padEnd(7)} ${text}`)}${about}`;
  };
}

/** `12:34:56.789`, in UTC as the files have it; a line before the first one with a time has none. */
function timeOfDay(time: number): string {
  return time === 0 ? "-".padEnd(12) : new Date(time).toISOString().slice(11, 23);
}
