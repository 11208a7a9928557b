import { refuseToStart } from "@flotilla/runtime";

/** Certificate chain and private key in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads what `--tls-cert` and `--tls-key` name, `undefined` without them. A process that cannot read them does not start. */
export async function readTlsFiles(
  { tlsCert, tlsKey }: { tlsCert: string | undefined; tlsKey: string | undefined },
): Promise<TlsFiles | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    refuseToStart("Give --tls-cert and --tls-key together, or neither");
  }
  const [cert, key] = await Promise.all([read("--tls-cert", tlsCert), read("--tls-key", tlsKey)]);
  return { cert, key };
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    refuseToStart(`${flag}: ${error instanceof Error ? error.message : "cannot be read"}`);
  }
}
