const encoder = new TextEncoder();

/** Clears from the cursor to the end of the line, or of the screen. */
const [CLEAR_LINE, CLEAR_BELOW, HIDE_CURSOR, SHOW_CURSOR] = ["\x1b[K", "\x1b[J", "\x1b[?25l", "\x1b[?25h"];

/** How {@linkcode LiveScreen} draws. */
export interface LiveScreenOptions {
  /** @default standard output */
  write?: (text: string) => void;
  /** Columns and rows there are. @default those of the terminal, at each drawing */
  size?: () => { columns: number; rows: number };
}

/** A few lines at the end of a terminal that are drawn again in place. */
export class LiveScreen implements Disposable {
  readonly #write: (text: string) => void;
  readonly #size: () => { columns: number; rows: number };
  #drawn = 0;

  constructor(options: LiveScreenOptions = {}) {
    const { write = (text) => Deno.stdout.writeSync(encoder.encode(text)), size = Deno.consoleSize } =
      options;
    this.#write = write;
    this.#size = size;
    write(HIDE_CURSOR);
  }

  /** Draws these lines in place of the last ones; what does not fit is cut. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#size();
    const shown = lines.slice(0, Math.max(1, rows - 1));
    const up = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\r`;
    this.#write(up + shown.map((line) => `${cut(line, columns)}${CLEAR_LINE}\n`).join("") + CLEAR_BELOW);
    this.#drawn = shown.length;
  }

  /** Takes the lines away. */
  clear(): void {
    if (this.#drawn > 0) this.#write(`\x1b[${this.#drawn}A\r${CLEAR_BELOW}`);
    this.#drawn = 0;
  }

  /** Leaves the lines as they are, and gives the cursor back. */
  [Symbol.dispose](): void {
    this.#write(SHOW_CURSOR);
  }
}

/** Cuts a line to so many columns; colours take none. */
function cut(line: string, columns: number): string {
  let [shown, width] = ["", 0];
  // deno-lint-ignore no-control-regex -- colours begin with this character
  for (const [part] of line.matchAll(/\x1b\[[\d;]*m|./gu)) {
    if (part.length > 1 && part.startsWith("\x1b")) shown += part;
    else if (width++ < columns) shown += part;
  }
  return shown;
}
