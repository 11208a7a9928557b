import { flag, readFlags, refuseToStart } from "@flotilla/runtime";
import { usernameSchema } from "@flotilla/auth/verify";
import { resolve } from "@std/path";
import { z } from "zod";
import { makeFirstAccount } from "./setup/first_account.ts";
import { drawSecrets, writeSecrets } from "./setup/secrets_file.ts";
import { Terminal } from "./terminal.ts";

const flags = readFlags({
  name: "deno task setup",
  summary: "makes the keys, the tokens and the first account of an installation for production",
}, {
  secrets: flag(z.string().default("flotilla.env"), {
    help: "file to write the secrets to, for its owner to read only (default: flotilla.env)",
    placeholder: "FILE",
  }),
  data: flag(z.string().default("data"), {
    help: "folder for databases, as for deno task up",
    placeholder: "FOLDER",
  }),
  username: flag(usernameSchema.default("admin"), { help: "name of the first account (default: admin)" }),
});

const secrets = drawSecrets(flags.username);
const terminal = new Terminal({ instances: [] });
await Deno.mkdir(flags.data, { recursive: true });
try {
  await writeSecrets(flags.secrets, secrets);
} catch (error) {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  refuseToStart(
    `--secrets: ${flags.secrets} exists, and its secrets may be in use: name another file, or remove it`,
  );
}
Deno.env.set("DENO_KV_ACCESS_TOKEN", secrets.kvAccessToken);
const made = await makeFirstAccount({
  database: `${flags.data}/database.sqlite`,
  accessToken: secrets.kvAccessToken,
  username: secrets.username,
  password: secrets.password,
});
if (made) {
  terminal.say(`Wrote ${flags.secrets}: keys, tokens, and the password of ${secrets.username}`);
  terminal.say(`Next: set -a; . ${resolve(flags.secrets)}; set +a; deno task up --data ${flags.data}`);
} else {
  await Deno.remove(flags.secrets);
  terminal.say(`The database in ${flags.data} has accounts already: nothing was written`, "bad");
}
Deno.exit(made ? 0 : 1);
