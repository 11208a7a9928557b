/**
 * Sends a signal to a process that is not a child of this one. `Deno.kill` wants permission to run anything, so a Deno of
 * its own does it.
 *
 * @throws {Error} when there is no such process
 */
export async function killProcess(
  pid: number,
  signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" = "SIGKILL",
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `Deno.kill(${pid}, "${signal}")`],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot signal process ${pid}: ${new TextDecoder().decode(stderr)}`);
}
