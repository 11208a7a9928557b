import { YamuxError } from "./yamux_error.ts";

/** Octets of a frame's header. */
export const HEADER_LENGTH = 12;

/** Octets that each side may send on a new stream before it is told more. */
export const INITIAL_WINDOW = 262_144;

/** What a frame is. */
export const FrameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
export type FrameType = typeof FrameType[keyof typeof FrameType];

/** What a frame says besides; `syn` and `ack` of a ping mean question and answer. */
export const Flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

/** Why a session ends, in the length of a go-away. */
export const GoAwayCode = { normal: 0, protocolError: 1, internalError: 2 } as const;
export type GoAwayCode = typeof GoAwayCode[keyof typeof GoAwayCode];

const VERSION = 0;
const ALL_FLAGS = Flag.syn | Flag.ack | Flag.fin | Flag.rst;

/** The fields of a header that are written. */
export interface Frame {
  readonly type: FrameType;
  readonly flags: number;
  /** 0 means the session. */
  readonly streamId: number;
  /** Octets that follow, what a window grows by, a ping's token, or a {@linkcode GoAwayCode}. */
  readonly length: number;
}

/** Writes a header in network order. */
export function putHeader(bytes: Uint8Array, at: number, frame: Frame): void {
  const { type, flags, streamId, length } = frame;
  bytes[at] = VERSION;
  bytes[at + 1] = type;
  bytes[at + 2] = flags >>> 8;
  bytes[at + 3] = flags;
  putUint32(bytes, at + 4, streamId);
  putUint32(bytes, at + 8, length);
}

/** The header that was read last: one object for all, since a busy session reads a hundred thousand a second. */
export class FrameHeader implements Frame {
  type: FrameType = FrameType.data;
  flags = 0;
  streamId = 0;
  length = 0;

  /**
   * Reads the header at a position, all of whose octets are there.
   *
   * @throws {YamuxError} `protocol` when it is none, or what it says makes no sense whatever the session's state
   */
  read(bytes: Uint8Array, at: number): void {
    if (bytes[at] !== VERSION) throw new YamuxError("protocol", "A frame has another version than 0");
    this.type = frameType(bytes[at + 1]);
    this.flags = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    this.streamId = uint32(bytes, at + 4);
    this.length = uint32(bytes, at + 8);
    this.#check();
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  #check(): void {
    const { type, flags, streamId } = this;
    if ((flags & ~ALL_FLAGS) !== 0) throw new YamuxError("protocol", "A frame has a flag that is not known");
    const ofSession = type === FrameType.ping || type === FrameType.goAway;
    if (ofSession !== (streamId === 0)) {
      throw new YamuxError(
        "protocol",
        "A frame of the session names a stream, or one of a stream names none",
      );
    }
    if (type === FrameType.goAway && flags !== 0) throw new YamuxError("protocol", "A go-away has flags");
    if (type === FrameType.ping && flags !== Flag.syn && flags !== Flag.ack) {
      throw new YamuxError("protocol", "A ping is neither question nor answer");
    }
    if ((flags & (Flag.syn | Flag.ack)) === (Flag.syn | Flag.ack)) {
      throw new YamuxError("protocol", "A frame opens a stream and accepts it");
    }
  }
}

function frameType(octet: number | undefined): FrameType {
  switch (octet) {
    case FrameType.data:
    case FrameType.windowUpdate:
    case FrameType.ping:
    case FrameType.goAway:
      return octet;
    default:
      throw new YamuxError("protocol", "A frame is of a type that is not known");
  }
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>> 0;
}
