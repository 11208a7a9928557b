import { type Clock, sleep } from "../clock.ts";
import { WatchFrames } from "./watch_frames.ts";
import { KvRefusedError } from "./kv_errors.ts";
import { readWatched, type WatchedEntry, type WireEntry } from "./messages.ts";
import type { ResponseHead, ResponseSink } from "./response_reader.ts";

/** What a watch comes over. */
export interface WatchConnection extends Disposable {
  close(): void;
}

/** Begins a watch on the server; `onEnd` is told why, when it ended. */
export type OpenWatch = (sink: ResponseSink, onEnd: (error: Error) => void) => Promise<WatchConnection>;

/** What a {@linkcode Watcher} works with. */
export interface WatcherOptions {
  /** How many keys are watched. */
  readonly keys: number;
  readonly open: OpenWatch;
  readonly clock: Clock;
  /** Aborted when the database is closed. */
  readonly closing: AbortSignal;
}

/** Milliseconds without a sign of life, after which the server is taken for gone; it gives one every five seconds. */
const SILENCE = 20_000;
/** Milliseconds before a watch is begun anew for the first time, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 1_000];

/**
 * Watches keys for as long as somebody reads: a watch that broke off is begun anew, and tells first what has changed
 * meanwhile. Who reads slowly gets what is the latest, not each change.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #known: (WireEntry | undefined)[];
  readonly #stopping = new AbortController();
  #begun = false;
  #news = false;
  #refused: KvRefusedError | undefined;
  #wake: () => void = () => {};

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#known = Array.from({ length: options.keys }, () => undefined);
    options.closing.addEventListener("abort", this.#stop, { signal: this.#stopping.signal });
    void this.#run();
  }

  /** The entries once they differ from those given before; `undefined` once the database is closed. */
  async next(): Promise<readonly (WireEntry | undefined)[] | undefined> {
    while (!this.#news && this.#refused === undefined && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#stopping.signal.aborted) return undefined;
    if (this.#refused !== undefined) throw this.#refused;
    this.#news = false;
    return [...this.#known];
  }

  /** Ends the watch. */
  stop(): void {
    this.#stop();
  }

  readonly #stop = (): void => {
    this.#stopping.abort();
    this.#wake();
  };

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pause = FIRST_PAUSE; !signal.aborted && this.#refused === undefined;) {
      const heard = await this.#watchOnce();
      if (signal.aborted || this.#refused !== undefined) break;
      pause = heard ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
      await sleep(pause, { clock: this.#options.clock, signal }).catch(() => {});
    }
    this.#wake();
  }

  /** Until its connection ends; says whether the server was heard. */
  async #watchOnce(): Promise<boolean> {
    const ended = Promise.withResolvers<void>();
    const { clock } = this.#options;
    let heardAt: number | undefined;
    const frames = new WatchFrames((message) => this.#learn(readWatched(message)));
    const answer = new WatchAnswer({
      onContent: (bytes) => {
        heardAt = clock.now();
        frames.push(bytes);
      },
      onRefused: (error) => this.#refused = error,
      onEnd: ended.resolve,
    });
    try {
      using connection = await this.#options.open(answer, () => ended.resolve());
      this.#stopping.signal.addEventListener("abort", () => connection.close(), { once: true });
      if (this.#stopping.signal.aborted) return false;
      using _look = this.#closeWhenSilent(connection, () => heardAt);
      await ended.promise;
    } catch (error) {
      if (error instanceof KvRefusedError) this.#refused = error;
    }
    return heardAt !== undefined;
  }

  #closeWhenSilent(connection: WatchConnection, heardAt: () => number | undefined): Disposable {
    const { clock } = this.#options;
    const begun = clock.now();
    const look = () => {
      if (clock.now() - (heardAt() ?? begun) >= SILENCE) connection.close();
      else timer = clock.setTimeout(look, SILENCE / 2, { background: true });
    };
    let timer = clock.setTimeout(look, SILENCE / 2, { background: true });
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  #learn(entries: readonly WatchedEntry[]): void {
    let changed = !this.#begun;
    entries.forEach((told, index) => {
      if (!told.changed || index >= this.#known.length) return;
      const { entry } = told;
      if (this.#known[index]?.versionstamp.toHex() === entry?.versionstamp.toHex()) return;
      changed = true;
      this.#known[index] = entry && copyOf(entry);
    });
    this.#begun = true;
    if (!changed) return;
    this.#news = true;
    this.#wake();
  }
}

/** What an entry refers to lasts no longer than the message that it came in. */
function copyOf({ key, data, encoding, versionstamp }: WireEntry): WireEntry {
  return { key: key.slice(), data: data.slice(), encoding, versionstamp: versionstamp.slice() };
}

interface WatchAnswerOptions {
  onContent(bytes: Uint8Array): void;
  onRefused(error: KvRefusedError): void;
  onEnd(): void;
}

/** The answer to a watch: messages without an end, or why there are none. */
class WatchAnswer implements ResponseSink {
  readonly #options: WatchAnswerOptions;
  #status = 0;
  #text = "";

  constructor(options: WatchAnswerOptions) {
    this.#options = options;
  }

  head({ status }: ResponseHead): void {
    this.#status = status;
  }

  content(bytes: Uint8Array): void {
    if (this.#status === 200) this.#options.onContent(bytes);
    else this.#text += new TextDecoder().decode(bytes);
  }

  end(): void {
    const { onRefused, onEnd } = this.#options;
    if (this.#status >= 400 && this.#status < 500) {
      onRefused(new KvRefusedError(this.#status, this.#text.trim()));
    }
    onEnd();
  }
}
