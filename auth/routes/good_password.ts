import { ProblemError } from "@flotilla/runtime";
import { passwordFault } from "../passwords/password_policy.ts";

/**
 * Refuses a password that is too weak.
 *
 * @param options.pointer where in the content it stands (RFC 6901)
 * @param options.former the password so far: the new one must be another
 * @throws {ProblemError} 422 that says why
 */
export function requireGoodPassword(
  password: string,
  options: { username: string; pointer: string; former?: string },
): void {
  const { username, pointer, former } = options;
  const fault = password === former ? "it is the one in use" : passwordFault(password, { username });
  if (fault === undefined) return;
  const detail = `This password cannot be taken: ${fault}`;
  throw new ProblemError(422, detail, { extensions: { errors: [{ pointer, detail: fault }] } });
}
