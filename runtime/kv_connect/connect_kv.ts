import type { DataPathOptions } from "./data_path.ts";
import { KvClient } from "./kv_client.ts";
import { exchangeMetadata } from "./metadata.ts";

/** How {@linkcode connectKv} connects. */
export interface ConnectKvOptions extends DataPathOptions {
  /** What the server asks for, printable ASCII without spaces. */
  accessToken: string;
}

/**
 * Opens the database behind a KV Connect server, version 2 or 3, whose operations are asked for over HTTP/1.1 without TLS;
 * `undefined` when it has TLS before them.
 *
 * @throws {KvUnavailableError} when the server cannot be reached, or cannot answer now
 * @throws {KvRefusedError} when it refuses, for a wrong token for example
 */
export async function connectKv(url: string, options: ConnectKvOptions): Promise<Deno.Kv | undefined> {
  const { accessToken, ...pathOptions } = options;
  const exchange = () => exchangeMetadata(url, accessToken);
  const metadata = await exchange();
  return metadata.endpoint.protocol === "http:" ? new KvClient(metadata, exchange, pathOptions) : undefined;
}
