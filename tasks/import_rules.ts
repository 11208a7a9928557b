import { dirname, join } from "@std/path";

/** Which members a member may import, and which entries of them: the arrows of the design. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  balancer: ["@flotilla/runtime"],
  store: ["@flotilla/runtime", "@flotilla/runtime/kv_connect"],
  auth: ["@flotilla/runtime"],
  service: ["@flotilla/runtime", "@flotilla/balancer/host", "@flotilla/auth/verify"],
  worker: ["@flotilla/runtime", "@flotilla/auth/verify"],
  gateway: ["@flotilla/runtime", "@flotilla/balancer", "@flotilla/auth/verify"],
  tasks: ["@flotilla/*"],
  tests: ["@flotilla/*"],
};

/** What tests alone use. */
const TESTING = "@flotilla/runtime/testing";
/** Tests, and what only they import. */
const TEST_FILES = /^tests\/|(_test|_fixture)\.tsx?$|\/(testing|testdata)\//;

/** One import that a file of a member may not have. */
export interface ImportViolation {
  /** From the workspace's folder. */
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** The members of the workspace that have rules. */
export const MEMBERS: readonly string[] = Object.keys(ARROWS);

/**
 * Finds the imports of one file that the design does not allow.
 *
 * @param file its path from the workspace's folder, such as `service/main.ts`
 */
export function importViolations(file: string, source: string): ImportViolation[] {
  return importsOf(source).flatMap(({ specifier, line }) => {
    const reason = fault(file, specifier);
    return reason === undefined ? [] : [{ file, line, specifier, reason }];
  });
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

/**
 * Statements begin in the first column and specifiers stand in double quotes, as `deno fmt` writes them; so an import in
 * a comment is none.
 */
const STATEMENT = /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

function importsOf(source: string): Import[] {
  return [...source.matchAll(STATEMENT)].map((match) => ({
    specifier: match[1] ?? match[2] ?? "",
    line: source.slice(0, match.index).split("\n").length,
  }));
}

function fault(file: string, specifier: string): string | undefined {
  const member = memberOf(file);
  if (specifier.startsWith(".")) return relativeFault(file, member, specifier);
  if (specifier.startsWith("@flotilla/")) return memberFault(file, member, specifier);
  if (/^(https?|jsr|npm|data):/.test(specifier)) return "packages are named in the import map of deno.json";
  return undefined;
}

function relativeFault(file: string, member: string, specifier: string): string | undefined {
  const target = memberOf(join(dirname(file), specifier));
  return target === member ? undefined : `another member is imported by its name, @flotilla/${target}`;
}

function memberFault(file: string, member: string, specifier: string): string | undefined {
  if (specifier === `@flotilla/${member}`) return "a member imports its own files by relative paths";
  if (specifier === TESTING && !TEST_FILES.test(file)) return "only tests use it";
  const allowed = ARROWS[member] ?? [];
  const fits = specifier === TESTING || allowed.includes("@flotilla/*") || allowed.includes(specifier);
  return fits ? undefined : `${member} may import ${allowed.join(", ") || "no other member"}`;
}

function memberOf(file: string): string {
  return file.split("/")[0] ?? "";
}
