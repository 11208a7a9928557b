/** What a table of figures must say beside them: when, and on what machine and versions. */
export async function describeMachine(
  programs: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  const cpuinfo = await outputOf(["cat", "/proc/cpuinfo"]);
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? "unknown processor";
  const versions = await Promise.all(
    Object.entries(programs).map(async ([name, command]) => `${name} ${await versionOf(command)}`),
  );
  const day = new Date().toISOString().slice(0, 10);
  const cores = navigator.hardwareConcurrency;
  return `${day}, ${cores} cores of ${model}, ${[`Deno ${Deno.version.deno}`, ...versions].join(", ")}.`;
}

async function versionOf(command: readonly string[]): Promise<string> {
  const text = await outputOf(command);
  return text === "" ? "not installed" : /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? "unknown";
}

/** What a program writes; empty where it cannot be run. */
async function outputOf([program = "", ...args]: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args }).output();
    return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join(" ");
  } catch {
    return "";
  }
}
