import { z } from "zod";
import { type LogLine, parseLogLine } from "../log_line.ts";

/** One line of a log, of any instance. */
export interface LogEntry extends LogLine {
  /** Milliseconds since the epoch. A line that does not tell has the time of the one before it. */
  readonly time: number;
  readonly instance: string;
  /** The request that it is about, if it is about one. */
  readonly requestId: string | undefined;
  /** The line as it stands in the file. */
  readonly line: string;
}

const fieldsSchema = z.object({
  time: z.iso.datetime().transform(Date.parse),
  request_id: z.string().optional(),
});

/**
 * Makes a reader of the lines of one instance's log, which are to be given to it in order.
 *
 * @param instance as the name of its file tells: what Deno itself writes names none
 */
export function createEntryReader(instance: string): (line: string) => LogEntry {
  let time = 0;
  return (line) => {
    const { data } = fieldsSchema.safeParse(parseJson(line));
    time = data?.time ?? time;
    return { ...parseLogLine(line), time, instance, requestId: data?.request_id, line };
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
