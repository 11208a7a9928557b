import { z } from "zod";

const LEVELS = ["trace", "debug", "info", "warning", "error", "fatal"] as const;

const errorSchema = z.object({ name: z.string(), message: z.string() });

const recordSchema = z.object({
  level: z.enum(LEVELS),
  message: z.string(),
  error: errorSchema.optional(),
});

/** What a line that a process logged says, as far as a person at the terminal cares. */
export interface LogLine {
  readonly level: typeof LEVELS[number];
  readonly text: string;
}

/**
 * Reads a line that a process wrote on standard error: a JSON log record, or plain text, which only comes from Deno
 * itself (why it could not start, an uncaught error) and so counts as an error.
 */
export function parseLogLine(line: string): LogLine {
  const { success, data } = recordSchema.safeParse(parseJson(line));
  if (!success) return { level: "error", text: line };
  const { level, message, error } = data;
  if (error === undefined || message.includes(error.message)) return { level, text: message };
  return { level, text: `${message} (${error.name}: ${error.message})` };
}

/** Whether a line is worth a person's attention while everything runs. */
export function isWorthShowing({ level, text }: LogLine): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf("warning") && text.trim() !== "";
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
