import { ProblemError } from "@flotilla/runtime";

/** One line of a body, with its number from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a body of JSON Lines, as they come; empty ones are left out.
 *
 * @param maxLength most characters of a line
 * @throws {ProblemError} 413 for a longer line, 400 for what is not UTF-8
 */
export async function* readLines(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  maxLength: number,
): AsyncGenerator<Line> {
  let rest = "";
  let number = 0;
  for await (const text of decoded(body)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      number++;
      requireLength(part, number, maxLength);
      if (part.trim() !== "") yield { number, text: part };
    }
    requireLength(rest, number + 1, maxLength);
  }
  if (rest.trim() !== "") yield { number: number + 1, text: rest };
}

async function* decoded(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const bytes of body ?? []) yield decodePart(decoder, bytes);
  yield decodePart(decoder, undefined);
}

function decodePart(decoder: TextDecoder, bytes: Uint8Array | undefined): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new ProblemError(400, "The body is not UTF-8", { cause });
  }
}

function requireLength(text: string, number: number, maxLength: number): void {
  if (text.length <= maxLength) return;
  throw new ProblemError(413, `Line ${number} has more than ${maxLength} characters`, {
    extensions: { limit: maxLength, line: number },
  });
}

/**
 * Gathers lines into batches.
 *
 * @param options.count most lines of a batch
 * @param options.length characters at which a batch is full
 */
export async function* inBatches(
  lines: AsyncIterable<Line>,
  options: { count: number; length: number },
): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let length = 0;
  for await (const line of lines) {
    batch.push(line);
    length += line.text.length;
    if (batch.length < options.count && length < options.length) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}
