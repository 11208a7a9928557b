import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { type Environment, processEnvironment } from "./environment.ts";

/** What every flag tells besides the type of its value. */
export interface FlagOptions {
  /** One line for `--help`. */
  help: string;
  /** Stands for the value in `--help`. @default the flag's name in capitals */
  placeholder?: string;
  /** Environment variable to read when the flag is not given. @default none */
  env?: string;
}

/** One flag of a program: made by {@linkcode flag}, {@linkcode switchFlag}, {@linkcode listFlag} or {@linkcode operands}. */
export interface Flag<T> extends FlagOptions {
  readonly kind: "value" | "switch" | "list" | "operands";
  readonly schema: z.ZodType<T>;
}

/** The flags of a program by name, in camel case: `healthPath` is given as `--health-path`. */
export type FlagSpecs = Readonly<Record<string, Flag<unknown>>>;

/** The values that a program's flags have, by name. */
export type FlagValues<S extends FlagSpecs> = {
  readonly [K in keyof S]: S[K] extends Flag<infer T> ? T : never;
};

/** A flag with one value. The schema gets the text as it was typed, or `undefined` when the flag is missing. */
export function flag<T>(schema: z.ZodType<T>, options: FlagOptions): Flag<T> {
  return { kind: "value", schema, ...options };
}

/** A flag without a value: given or not. */
export function switchFlag(options: FlagOptions): Flag<boolean> {
  const schema = z.union([z.boolean(), z.enum(["true", "1"]).transform(() => true)]).default(false);
  return { kind: "switch", schema, ...options };
}

/** A flag that may be given many times; in the environment its values are parted by commas. */
export function listFlag<T>(item: z.ZodType<T>, options: FlagOptions): Flag<T[]> {
  return { kind: "list", schema: z.array(item).default([]), ...options };
}

/** What is given without the name of a flag, as in `deno task scale service=4`; none is an error. A program has it once. */
export function operands<T>(item: z.ZodType<T>, options: FlagOptions): Flag<T[]> {
  return { kind: "operands", schema: z.array(item, "must be given").min(1), ...options };
}

/** A TCP port; 0 lets the system choose one. */
export const portSchema: z.ZodType<number> = number(z.number().int().min(0).max(65_535));

/** A URL of an HTTP server, without a path. */
export const originSchema: z.ZodType<string> = z.string("must be given")
  .refine((text) => isOrigin(text), "must be the address of a server like http://127.0.0.1:5000")
  .transform((text) => new URL(text).origin);

/** Text of digits turned into a number, judged by `schema`. */
export function number(schema: z.ZodType<number, number>): z.ZodType<number> {
  return z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/, "must be a number").transform(Number)], {
    error: (issue) => issue.input === undefined ? "must be given" : "must be a number",
  }).pipe(schema);
}

/** A program was called with flags that it does not have or cannot take. */
export class FlagError extends Error {
  override readonly name = "FlagError";
  /** One sentence for each flag at fault. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads the flags of a program.
 *
 * @throws {FlagError} naming every unknown flag and every bad value at once
 *
 * @example
 * ```ts
 * import { flag, listFlag, parseFlags, portSchema } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const specs = {
 *   port: flag(portSchema, { help: "where to listen", env: "PORT" }),
 *   upstream: listFlag(z.url(), { help: "a server behind it" }),
 * };
 * const values = parseFlags(specs, ["--upstream", "http://a", "--upstream=http://b"], { PORT: "8000" });
 * assertEquals(values, { port: 8000, upstream: ["http://a", "http://b"] });
 * ```
 */
export function parseFlags<S extends FlagSpecs>(
  specs: S,
  args: readonly string[],
  environment: Environment = processEnvironment,
): FlagValues<S> {
  const problems: string[] = [];
  const given = readArguments(specs, args, problems);
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[kebab(name)] ?? fromEnvironment(spec, environment);
    const result = spec.schema.safeParse(value);
    if (result.success) values[name] = result.data;
    else problems.push(problemOf(titleOf(name, spec), value, result.error));
  }
  if (problems.length > 0) throw new FlagError(problems);
  assertComplete(specs, values);
  return values;
}

/** How a flag is called where something is said about it. */
function titleOf(name: string, { kind, placeholder }: Flag<unknown>): string {
  return kind === "operands" ? placeholder ?? name : `--${kebab(name)}`;
}

/** Of several values, the first that does not fit is named instead of its place. */
function problemOf(title: string, value: unknown, error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path[0];
  if (issue !== undefined && Array.isArray(value) && typeof place === "number") {
    return `${title.startsWith("--") ? `${title} ` : ""}${value[place]}: ${issue.message}`;
  }
  return `${title}: ${z.prettifyError(error).replaceAll(/\s*[✖→]\s*/g, " ").trim()}`;
}

function readArguments(
  specs: FlagSpecs,
  args: readonly string[],
  problems: string[],
): Record<string, unknown> {
  const named = (kind: Flag<unknown>["kind"]) =>
    Object.entries(specs).filter(([, spec]) => spec.kind === kind).map(([name]) => kebab(name));
  const [valued, lists, switches] = [named("value"), named("list"), named("switch")];
  const [operandName] = named("operands");
  const operands: string[] = [];
  const parsed = parseArgs(args, {
    string: [...valued, ...lists],
    collect: [...lists],
    boolean: switches,
    unknown: (argument, key) => {
      if (key !== undefined) problems.push(`--${key}: is not a flag of this program`);
      else if (operandName === undefined) problems.push(`${argument}: is not expected here`);
      else operands.push(argument);
      return false;
    },
  });
  const given: Record<string, unknown> = {};
  for (const name of [...valued, ...switches]) {
    if (parsed[name] === "") problems.push(`--${name}: needs a value`);
    if (parsed[name] !== false && parsed[name] !== "") given[name] = parsed[name];
  }
  for (const name of lists) {
    const items = parsed[name];
    if (Array.isArray(items) && items.length > 0) given[name] = items;
  }
  if (operandName !== undefined && operands.length > 0) given[operandName] = operands;
  return given;
}

function fromEnvironment(spec: Flag<unknown>, environment: Environment): unknown {
  const text = spec.env === undefined ? undefined : environment[spec.env] || undefined;
  return spec.kind === "list" ? text?.split(",") : text;
}

function assertComplete<S extends FlagSpecs>(
  specs: S,
  values: Record<string, unknown>,
): asserts values is FlagValues<S> {
  for (const name of Object.keys(specs)) {
    if (!(name in values)) throw new TypeError(`Cannot read flags: --${kebab(name)} was not parsed`);
  }
}

/** `healthPath` as it is typed: `health-path`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "" &&
    url.hash === "" && url.username === "";
}
