import { join } from "@std/path";
import { type ImportViolation, importViolations, MEMBERS } from "./import_rules.ts";
import { Terminal } from "./terminal.ts";

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else if (/\.tsx?$/.test(name)) yield path;
  }
}

async function check(): Promise<{ files: number; violations: ImportViolation[] }> {
  const violations: ImportViolation[] = [];
  let files = 0;
  for (const member of MEMBERS) {
    for await (const file of sources(member)) {
      violations.push(...importViolations(file, await Deno.readTextFile(file)));
      files++;
    }
  }
  return { files, violations };
}

const terminal = new Terminal();
const { files, violations } = await check();
for (const { file, line, specifier, reason } of violations) {
  terminal.say(`${file}:${line}: ${specifier}: ${reason}`, "bad");
}
terminal.say(`Imports of ${files} files checked, ${violations.length} against the design`);
Deno.exit(violations.length === 0 ? 0 : 1);
