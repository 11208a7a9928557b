/** A file that a run made, kept in parts. */
export interface FileEntry {
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** How many parts it is kept in. */
  readonly parts: number;
  /** The lease under which it was written: a run that lost its lease writes where nobody reads. */
  readonly token: string;
  /** SHA-256 of the content, in hexadecimal. */
  readonly digest: string;
}
