import type { Connection } from "../connection.ts";

/** The other end of a connection, in the hands of a test: it says octets and hears octets. */
export class Peer {
  readonly connection: Connection;
  /** Everything heard and not taken. */
  #heard = "";
  #ended = false;
  /** What broke the connection. */
  broken: unknown;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Says a text; each character is an octet. */
  async say(text: string): Promise<void> {
    let octets = Uint8Array.from(text, (character) => character.charCodeAt(0));
    while (octets.length > 0) octets = octets.subarray(await this.connection.write(octets));
  }

  /** Hears until the text so far matches; takes and returns it up to the end of the match. */
  async hear(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#heard);
      if (match !== null) {
        const end = match.index + match[0].length;
        const text = this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(end);
        return text;
      }
      if (!(await this.#read())) {
        throw new Error(`Waited in vain for ${pattern}, heard ${JSON.stringify(this.#heard)}`);
      }
    }
  }

  /** Hears a head, up to the empty line. */
  head(): Promise<string> {
    return this.hear(/\r\n\r\n/);
  }

  /** Hears so many octets. */
  octets(count: number): Promise<string> {
    return this.hear(new RegExp(`^[^]{${count}}`));
  }

  /** Hears everything up to the end. */
  async rest(): Promise<string> {
    while (await this.#read());
    const text = this.#heard;
    this.#heard = "";
    return text;
  }

  async closeWrite(): Promise<void> {
    await this.connection.closeWrite();
  }

  close(): void {
    try {
      this.connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #read(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(65_536);
    try {
      const count = await this.connection.read(buffer);
      this.#ended = count === null;
      for (const octet of buffer.subarray(0, count ?? 0)) this.#heard += String.fromCharCode(octet);
    } catch (error) {
      this.#ended = true;
      this.broken = error;
    }
    return !this.#ended;
  }
}
