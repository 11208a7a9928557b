/** How large the head of a message may be. */
export interface HeadLimitsOptions {
  /** Octets of the request line, or the status line. RFC 9112, section 3, asks for at least 8,000. @default 8_192 */
  startLine?: number;
  /** Octets of one field line. @default 8_192 */
  fieldLine?: number;
  /** Number of field lines. @default 100 */
  fields?: number;
  /** Octets of the whole head. @default 32_768 */
  head?: number;
}

/** The limits in force. */
export type HeadLimits = Readonly<Required<HeadLimitsOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is no positive integer
 */
export function readHeadLimits(options: HeadLimitsOptions = {}): HeadLimits {
  const { startLine = 8_192, fieldLine = 8_192, fields = 100, head = 32_768 } = options;
  const limits: HeadLimits = { startLine, fieldLine, fields, head };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Cannot limit heads: ${name} must be a positive integer, got ${value}`);
    }
  }
  return limits;
}
