import { configure, getAnsiColorFormatter, type LogLevel, type LogRecord } from "@logtape/logtape";
import { production } from "./environment.ts";

/** How a process logs. */
export interface LoggingOptions {
  /** The instance that logs, in every line. */
  instance: string;
  /** The least severe level that is written. @default "info" */
  level?: LogLevel;
  /** Coloured lines for a person, or one JSON object a line. @default pretty on a terminal outside production */
  format?: "pretty" | "json";
  /** Takes each line, without its end. @default standard error */
  write?: (line: string) => void;
}

/**
 * Sets up logging for this process, once, from its `main.ts`. Modules log with `getLogger(["flotilla", …])` of
 * `@logtape/logtape`, which is silent until this was called; so a library of ours never writes by itself.
 */
export async function configureLogging(options: LoggingOptions): Promise<void> {
  const { instance, level = "info", write = writeError } = options;
  const { format = Deno.stderr.isTerminal() && !production() ? "pretty" : "json" } = options;
  const pretty = getAnsiColorFormatter({ timestamp: "time", level: "FULL" });
  const render = format === "json" ? (record: LogRecord) => jsonLine(record, instance) : pretty;
  await configure({
    reset: true,
    sinks: { out: (record) => write(render(record).trimEnd()) },
    loggers: [
      { category: "flotilla", lowestLevel: level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
}

/** One log record as one line of JSON: time, level, instance, logger and message first, then its properties. */
export function jsonLine(record: LogRecord, instance: string): string {
  const message = record.message.map((part) => typeof part === "string" ? part : inspect(part)).join("");
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    instance,
    logger: record.category.join("."),
    message,
    ...Object.fromEntries(Object.entries(record.properties).map(([key, value]) => [key, plain(value)])),
  });
}

/** Errors do not survive JSON by themselves: name, message, stack and the chain of causes are kept. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: plain(cause) }) };
}

function inspect(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value);
}

const encoder = new TextEncoder();

function writeError(line: string): void {
  Deno.stderr.writeSync(encoder.encode(`${line}\n`));
}
