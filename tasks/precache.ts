import { join } from "@std/path";
import type { RoleName } from "./topology_schema.ts";

/** The packages that a role needs could not be fetched. */
export class PrecacheError extends Error {
  override readonly name = "PrecacheError";
}

/**
 * Fetches the packages of the roles, once, before fifteen processes ask for the same at the same time. What Deno says
 * meanwhile goes to standard error.
 *
 * @throws {PrecacheError} when that fails
 */
export async function precache(root: string, roles: readonly RoleName[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--frozen", ...new Set(roles.map((role) => join(root, role, "main.ts")))],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new PrecacheError("Cannot fetch the packages of the roles: deno cache failed");
}
