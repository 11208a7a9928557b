// Prints who listens on which port, as JSON. It is a program of its own because Deno opens /proc to no less than all
// permissions, which the supervisor does not have.
import { listeningPorts } from "./proc_net_tcp.ts";

const encoder = new TextEncoder();

async function readText(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

async function socketsOf(pid: number): Promise<string[]> {
  try {
    const links: string[] = [];
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      links.push(await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => ""));
    }
    return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
  } catch {
    return []; // another user's process, or one that has just ended
  }
}

const portByInode = new Map([
  ...listeningPorts(await readText("/proc/net/tcp")),
  ...listeningPorts(await readText("/proc/net/tcp6")),
]);
for await (const { name } of Deno.readDir("/proc")) {
  const pid = Number(name);
  if (!Number.isInteger(pid)) continue;
  for (const inode of await socketsOf(pid)) {
    const port = portByInode.get(inode);
    if (port === undefined) continue;
    const command = (await readText(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();
    Deno.stdout.writeSync(encoder.encode(`${JSON.stringify({ port, pid, command })}\n`));
  }
}
