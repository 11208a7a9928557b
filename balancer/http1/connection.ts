/**
 * A stream of octets both ways: what the proxy needs of a socket. `Deno.Conn` is one; a test makes them in memory.
 *
 * One read and one write may be under way at once, no more of either.
 */
export interface Connection {
  /** Whether it is one of many on one socket, so that Deno does not read it by itself. @default false */
  readonly shared?: boolean;
  /** Reads at least one octet into `p`; `null` when the other side has ended. */
  read(p: Uint8Array): Promise<number | null>;
  /** Writes at least one octet of `p`, which must not change until the promise settles. */
  write(p: Uint8Array): Promise<number>;
  /** Ends this side; the other may go on. */
  closeWrite(): Promise<void>;
  /** Ends both; what is under way is rejected. */
  close(): void;
}
