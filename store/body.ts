import { MAX_BODY_BYTES } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/**
 * Reads a request's body, if it is not larger than any request may be.
 *
 * @throws {Refusal} 413 when it is; 400 when it breaks off
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length");
  if (length === null) return await readStream(request);
  if (Number(length) > MAX_BODY_BYTES) throw tooLarge();
  try {
    return await request.bytes();
  } catch (error) {
    throw new Refusal(400, "The request's body broke off.", { cause: error });
  }
}

/** A body of unknown length, let go of as soon as it is too long. */
async function readStream(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

function tooLarge(): Refusal {
  return new Refusal(413, `The request is larger than ${MAX_BODY_BYTES} bytes.`);
}
