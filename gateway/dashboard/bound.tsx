import type { JSX } from "hono/jsx/jsx-runtime";
import type { Bindings } from "./bindings.ts";
import { NOTHING } from "./figures.ts";

/** A text that is filled in now and kept up to date. */
export function Bound({ name, of }: { name: string; of: Bindings }): JSX.Element {
  return <span data-bind={`text:${name}`}>{of[name] ?? NOTHING}</span>;
}
