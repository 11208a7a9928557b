/** Bytes of a versionstamp on the wire. */
export const VERSIONSTAMP_LENGTH = 10;

const TWO_TO_32 = 0x1_0000_0000;
/** No commit has this version, so that a check for it fails. */
const NEVER = -1;

/**
 * A commit's version as its versionstamp: eight bytes, most significant first, and two zero bytes, so that versionstamps
 * sort as their commits do, as bytes and in hexadecimal.
 */
export function encodeVersionstamp(version: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(VERSIONSTAMP_LENGTH);
  writeVersionstamp(version, bytes, 0);
  return bytes;
}

/** Writes {@linkcode encodeVersionstamp}'s bytes where there are zeros. */
export function writeVersionstamp(version: number, bytes: Uint8Array, offset: number): void {
  writeUint32(bytes, offset, Math.floor(version / TWO_TO_32));
  writeUint32(bytes, offset + 4, version % TWO_TO_32);
}

/** The version in a versionstamp of ten bytes; one that no commit of ours can have is a version that none has. */
export function decodeVersionstamp(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(0) * TWO_TO_32 + view.getUint32(4);
  return Number.isSafeInteger(version) && view.getUint16(8) === 0 ? version : NEVER;
}

/**
 * What a `set-suffix-versionstamped-key` mutation appends to its key: the versionstamp's twenty hexadecimal digits as a
 * string part of a key (tag 2, text, 0).
 */
export function versionstampKeyPart(version: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`\x02${encodeVersionstamp(version).toHex()}\0`);
}

/** Bytes of {@linkcode versionstampKeyPart}. */
export const VERSIONSTAMP_KEY_PART_LENGTH = 2 * VERSIONSTAMP_LENGTH + 2;

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
