/** What a table of figures must say beside them: when, and on what machine and versions. */
export async function describeMachine(
  programs: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? "unknown processor";
  const versions = await Promise.all(
    Object.entries(programs).map(async ([name, command]) => `${name} ${await versionOf(command)}`),
  );
  const day = new Date().toISOString().slice(0, 10);
  const cores = navigator.hardwareConcurrency;
  return `${day}, ${cores} cores of ${model}, ${[`Deno ${Deno.version.deno}`, ...versions].join(", ")}.`;
}

async function versionOf([program, ...args]: readonly string[]): Promise<string> {
  if (program === undefined) return "";
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args }).output();
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join(" ");
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? "unknown";
  } catch {
    return "not installed";
  }
}
