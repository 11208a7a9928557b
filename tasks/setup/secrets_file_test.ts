import { internalKey, kvAccessToken, production } from "@flotilla/runtime";
import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { passwordFault } from "@flotilla/auth";
import { drawSecrets, secretsText, writeSecrets } from "./secrets_file.ts";
import { productionProblems } from "../production.ts";

const { state } = await Deno.permissions.query({ name: "write" });

function environmentIn(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

Deno.test("drawSecrets() draws what production asks for, and a password that auth takes", () => {
  const secrets = drawSecrets("root");
  const environment = environmentIn(secretsText(secrets));
  assertEquals(production(environment), true);
  assertEquals(productionProblems(environment), []);
  assertEquals([internalKey(environment), kvAccessToken(environment)], [
    secrets.internalKey,
    secrets.kvAccessToken,
  ]);
  assertEquals(passwordFault(secrets.password, { username: "root" }), undefined);
});

Deno.test("drawSecrets() draws anew each time", () => {
  const [one, two] = [drawSecrets("root"), drawSecrets("root")];
  assertNotEquals(one.internalKey, two.internalKey);
  assertNotEquals(one.password, two.password);
  assertMatch(one.password, /^[\w-]{24}$/);
});

Deno.test({
  name: "writeSecrets() writes for the owner only, and never over another file",
  ignore: state !== "granted",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/flotilla.env`;
    await writeSecrets(path, drawSecrets("root"));
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const before = await Deno.readTextFile(path);
    await assertRejects(() => writeSecrets(path, drawSecrets("root")), Deno.errors.AlreadyExists);
    assertEquals(await Deno.readTextFile(path), before);
    await Deno.remove(folder, { recursive: true });
  },
});
