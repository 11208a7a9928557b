import type { LogFile } from "../redo_log.ts";

/** A file in memory, on a disk that has only so much room, takes little at once, and forgets what was not flushed. */
export class MemoryFile implements LogFile {
  /** What is in the file. */
  content = new Uint8Array();
  /** What of it is on the disk. */
  flushed = new Uint8Array();
  /** Octets that the disk has room for. */
  room = Infinity;
  /** Octets written by one call at most. */
  stride = Infinity;
  #position = 0;

  readSync(into: Uint8Array): number | null {
    const found = this.content.subarray(this.#position, this.#position + Math.min(into.length, this.stride));
    if (found.length === 0) return null;
    into.set(found);
    this.#position += found.length;
    return found.length;
  }

  writeSync(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.stride);
    const end = this.#position + count;
    if (end > this.room) throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    if (end > this.content.length) this.truncateSync(end);
    this.content.set(bytes.subarray(0, count), this.#position);
    this.#position = end;
    return count;
  }

  seekSync(offset: number | bigint, whence: Deno.SeekMode): number {
    return this.#position = Number(offset) + (whence === Deno.SeekMode.End ? this.content.length : 0);
  }

  truncateSync(length = 0): void {
    const content = new Uint8Array(length);
    content.set(this.content.subarray(0, length));
    this.content = content;
  }

  syncDataSync(): void {
    this.flushed = this.content.slice();
  }

  syncData(): Promise<void> {
    return Promise.resolve(this.syncDataSync());
  }

  close(): void {
    this.#position = NaN;
  }
}
