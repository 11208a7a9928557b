import { secret } from "@flotilla/runtime";
import { ControlClient, ControlError, isRunning } from "./control_client.ts";
import { readControlFile } from "./control_file.ts";

/** What opens balancers' admin ports and the supervisor's; in production it has to be given. */
export function adminToken(): string {
  return secret("FLOTILLA_ADMIN_TOKEN", { developmentDefault: "flotilla-development-admin-token" });
}

/**
 * Finds the running system whose data are in this folder.
 *
 * @throws {ControlError} when none runs
 * @throws {SecretError} in production without `FLOTILLA_ADMIN_TOKEN`
 */
export async function openControl(data: string): Promise<ControlClient> {
  const file = await readControlFile(data);
  if (file === undefined || !await isRunning(file)) {
    throw new ControlError(
      `No system runs with its data in ${data}: start one with deno task up, or name another folder with --data`,
    );
  }
  return new ControlClient(file, { token: adminToken() });
}
