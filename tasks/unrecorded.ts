import { newSpan, traceparent } from "@flotilla/runtime";

/** The fields of a look at a process that no client asked for: it is not recorded in any trace. */
export function unrecorded(): Record<string, string> {
  return { traceparent: traceparent(newSpan()) };
}
