/**
 * The numbers of KV Connect's data path (`datapath.proto` in denoland/denokv), which its clients and servers share.
 *
 * @module
 */

/** How the bytes of a value are to be understood. */
export const ENCODING = { v8: 1, le64: 2, bytes: 3 } as const;

/** Kinds of mutation by their number. */
export const MUTATION = { set: 1, delete: 2, sum: 3, max: 4, min: 5, setSuffixVersionstampedKey: 9 } as const;

/** How an atomic write ended, when it is answered with 200. */
export const WRITE_STATUS = { success: 1, checkFailure: 2, disabled: 5 } as const;

/** The status of a read that succeeded. */
export const READ_SUCCESS = 1;

/** A range of keys to read, its end left out. */
export interface ReadRange {
  start: Uint8Array;
  end: Uint8Array;
  limit: number;
  reverse: boolean;
}
