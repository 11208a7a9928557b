import { TextLineStream } from "@std/streams";

/** What a process writes, both on standard output and on standard error. */
export interface Output {
  /** All of it so far. */
  readonly text: string;
  /** The first line that matches, now or later. */
  line(pattern: RegExp): Promise<string>;
  /** What matches so far, line by line. */
  all(pattern: RegExp): RegExpExecArray[];
  /** Resolves when both have ended. */
  readonly ended: Promise<void>;
}

/** Reads what a process writes until it ends. */
export function readOutput(child: Deno.ChildProcess): Output {
  const lines: string[] = [];
  const waiting = new Map<RegExp, (line: string) => void>();
  const take = (line: string) => {
    lines.push(line);
    for (const [pattern, resolve] of waiting) {
      if (pattern.test(line)) resolve(line);
    }
  };
  return {
    get text() {
      return lines.join("\n");
    },
    line(pattern) {
      const found = lines.find((line) => pattern.test(line));
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => waiting.set(pattern, resolve));
    },
    all: (pattern) => lines.map((line) => pattern.exec(line)).filter((match) => match !== null),
    ended: Promise.all([child.stdout, child.stderr].map((stream) => eachLine(stream, take))).then(() => {}),
  };
}

async function eachLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (line: string) => void) {
  for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    take(line);
  }
}
