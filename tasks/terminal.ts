import { blue, bold, cyan, dim, green, magenta, red, setColorEnabled, yellow } from "@std/fmt/colors";

/** Tells apart lines of different processes at a glance. */
const INSTANCE_COLOURS = [cyan, magenta, green, blue, yellow];

/** What {@linkcode Terminal} writes to. */
export interface TerminalOptions {
  /** Names of the instances that will speak, which are then written in one column. @default none */
  instances?: readonly string[];
  /** Takes each line, without its end. @default standard output */
  write?: (line: string) => void;
  /** @default whether standard output is a terminal and `NO_COLOR` is not set */
  colour?: boolean;
}

/** How much a line matters. */
export type Tone = "plain" | "good" | "notice" | "bad";

const TONES: Readonly<Record<Tone, (text: string) => string>> = {
  plain: (text) => text,
  good: green,
  notice: yellow,
  bad: red,
};

/** The one place from which `deno task up` writes to the terminal. */
export class Terminal {
  readonly #write: (line: string) => void;
  readonly #colours = new Map<string, (text: string) => string>();
  readonly #width: number;

  constructor(options: TerminalOptions = {}) {
    const { instances = [], write = writeOut } = options;
    const { colour = Deno.stdout.isTerminal() && !Deno.noColor } = options;
    setColorEnabled(colour);
    this.#write = write;
    this.#width = Math.max(0, ...instances.map((name) => name.length));
    for (const name of instances) this.#colourOf(name);
  }

  /** Lines of the supervisor's own. */
  say(text: string, tone: Tone = "plain"): void {
    for (const line of text.split("\n")) this.#write(TONES[tone](line));
  }

  /** A line that stands out. */
  title(text: string): void {
    this.#write(bold(text));
  }

  /** What became of an instance, or what it says itself. */
  tell(instance: string, text: string, tone: Tone = "plain"): void {
    const name = this.#colourOf(instance)(instance.padEnd(this.#width));
    for (const line of text.split("\n")) this.#write(`${name} ${dim("|")} ${TONES[tone](line)}`);
  }

  #colourOf(instance: string): (text: string) => string {
    const known = this.#colours.get(instance);
    if (known !== undefined) return known;
    const colour = INSTANCE_COLOURS[this.#colours.size % INSTANCE_COLOURS.length] ?? cyan;
    this.#colours.set(instance, colour);
    return colour;
  }
}

const encoder = new TextEncoder();

function writeOut(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}
