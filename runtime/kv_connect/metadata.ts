import { z } from "zod";
import { KvRefusedError, KvUnavailableError } from "./kv_errors.ts";

/** What a client has to know of a database to speak to it. */
export interface Metadata {
  readonly version: 2 | 3;
  readonly databaseId: string;
  /** What the names of the operations are put behind; reads through it see every write that was acknowledged. */
  readonly endpoint: URL;
  readonly token: string;
  /** Milliseconds since the epoch, from when on it does not hold. */
  readonly expiresAt: number;
}

const SUPPORTED = { supportedVersions: [2, 3] } as const;

const answerSchema = z.object({
  version: z.literal([2, 3]),
  databaseId: z.string().min(1),
  endpoints: z.array(z.object({ url: z.string(), consistency: z.string() })),
  token: z.string().regex(/^[\x21-\x7e]+$/),
  expiresAt: z.iso.datetime({ offset: true }),
});

/**
 * The metadata exchange of KV Connect (`kv-connect.md` in denoland/denokv).
 *
 * @throws {KvUnavailableError} when the server cannot be reached, or cannot answer now
 * @throws {KvRefusedError} when it refuses, for a wrong token for example, or its answer makes no sense
 */
export async function exchangeMetadata(url: string | URL, accessToken: string): Promise<Metadata> {
  const response = await ask(url, accessToken);
  const { status } = response;
  const text = (await response.text()).trim();
  if (status >= 500) throw new KvUnavailableError(`The KV server at ${url} answered ${status}: ${text}`);
  if (status !== 200) throw new KvRefusedError(status, text);
  const answer = answerSchema.safeParse(parseJson(text));
  if (!answer.success) {
    throw new KvRefusedError(status, `its metadata are not understood: ${z.prettifyError(answer.error)}`);
  }
  const { version, databaseId, endpoints, token, expiresAt } = answer.data;
  const strong = endpoints.find(({ consistency }) => consistency === "strong");
  // A redirect moves what endpoints are relative to.
  const endpoint = strong === undefined ? null : URL.parse(strong.url, response.url);
  if (endpoint === null) throw new KvRefusedError(status, "it has no endpoint for consistent reads");
  return { version, databaseId, endpoint, token, expiresAt: Date.parse(expiresAt) };
}

async function ask(url: string | URL, accessToken: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
      body: JSON.stringify(SUPPORTED),
    });
  } catch (cause) {
    throw new KvUnavailableError(`The KV server at ${url} cannot be reached`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
