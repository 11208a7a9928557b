/** One line of measures. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads the text format of Prometheus, version 0.0.4.
 *
 * @param wanted the names to read; others cost no more than a look. All of them without it
 *
 * @example
 * ```ts
 * import { parseExposition } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const text = '# TYPE hits counter\nhits{layer="near"} 3\nother 1\n';
 * assertEquals(parseExposition(text, new Set(["hits"])), [{ name: "hits", labels: { layer: "near" }, value: 3 }]);
 * ```
 */
export function parseExposition(text: string, wanted?: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#") || wanted?.has(nameOf(line)) === false) continue;
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, name = "", labels, value = ""] = match;
    samples.push({
      name,
      labels: labels === undefined ? {} : parseLabels(labels),
      value: parseNumber(value),
    });
  }
  return samples;
}

function nameOf(line: string): string {
  const end = line.search(/[{ ]/);
  return end < 0 ? line : line.slice(0, end);
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(LABEL)) labels[name] = unescape(value);
  return labels;
}

function unescape(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, escaped: string) => escaped === "n" ? "\n" : escaped);
}

function parseNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}
