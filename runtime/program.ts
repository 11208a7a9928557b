import { bold } from "@std/fmt/colors";
import { FlagError, type FlagSpecs, type FlagValues, kebab, parseFlags } from "./flags.ts";

/** What `--help` says of a program. */
export interface Program {
  /** How it is called, for example `deno task balancer`. */
  name: string;
  /** One sentence. */
  summary: string;
}

/** How a program ends that was called wrongly (as with `EX_USAGE`, but the shell's own number for it). */
export const EXIT_USAGE = 2;

/**
 * Reads this process's flags. `--help` prints what the program takes and exits 0; an unknown flag or a bad value is
 * named on standard error, and the process exits 2.
 *
 * @param args what it was called with; default all of the process's arguments
 */
export function readFlags<S extends FlagSpecs>(
  program: Program,
  specs: S,
  args: readonly string[] = Deno.args,
): FlagValues<S> {
  if (args.includes("--help") || args.includes("-h")) {
    writeLine(Deno.stdout, helpText(program, specs));
    Deno.exit(0);
  }
  try {
    return parseFlags(specs, args);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    refuseToStart(`${error.message}\nTry: ${program.name} --help`);
  }
}

/** Says on standard error why the program cannot start, and exits 2. */
export function refuseToStart(reason: string): never {
  writeLine(Deno.stderr, reason);
  Deno.exit(EXIT_USAGE);
}

/** Where a program was told to listen. */
export interface ListenPlace {
  readonly hostname: string;
  readonly port: number;
  /** The flag that named the port. @default "--port" */
  readonly flag?: string;
}

/**
 * Says on standard error why the program cannot listen where it was told to, and exits 2.
 *
 * @throws the error itself when it is another one
 */
export function refuseToListen(error: unknown, { hostname, port, flag = "--port" }: ListenPlace): never {
  const place = `${hostname}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) refuseToStart(`${flag}: ${place} is taken by another process`);
  if (error instanceof Deno.errors.AddrNotAvailable) {
    refuseToStart(`--host: ${hostname} is no address of this machine`);
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    refuseToStart(`${flag}: this process may not listen on ${place}: ${error.message}`);
  }
  if (error instanceof Deno.errors.InvalidData) {
    refuseToStart(`${flag}: cannot listen on ${place} with TLS: ${error.message}`);
  }
  throw error;
}

/** The text of `--help`. */
export function helpText(program: Program, specs: FlagSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const placeholder = spec.kind === "switch" ? "" : ` ${spec.placeholder ?? kebab(name).toUpperCase()}`;
    const notes = [
      defaultOf(spec),
      spec.kind === "list" || spec.kind === "operands" ? "may be given again" : "",
      spec.env === undefined ? "" : `or ${spec.env}`,
    ];
    const note = notes.filter((text) => text !== "").join("; ");
    const left = spec.kind === "operands" ? placeholder.trim() : `--${kebab(name)}${placeholder}`;
    return [left, note === "" ? spec.help : `${spec.help} (${note})`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return [`${bold(program.name)}: ${program.summary}`, "", ...lines].join("\n");
}

/** What a flag says of its default; empty where it has none, or its help must say it in words. */
function defaultOf({ kind, schema }: FlagSpecs[string]): string {
  const { success, data } = schema.safeParse(undefined);
  const telling = kind === "value" && success && data !== undefined && data !== Infinity;
  return telling ? `default ${data}` : "";
}

function writeLine(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(`${text}\n`));
}
