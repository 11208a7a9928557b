import type { z } from "zod";
import { ANY_TYPE, type BodyRule } from "../route.ts";

/** Milliseconds for an answer that needs a few reads or writes. */
export const QUICK = 10_000;
/** Milliseconds for one that takes or gives a file. */
export const TRANSFER = 600_000;
/** Milliseconds for one that hashes a password, maybe after waiting for a turn. */
export const HASHING = 20_000;

/** Most bytes of a request with names, passwords or tokens. */
const SMALL = 16_384;
/** A record's value has at most 63,488 bytes as it is kept; written with escapes it can be some times longer. */
const RECORD = 262_144;
const TASK = 32_768;
const BATCH = 1_048_576;
/** A file, or many records, whose content streams by. */
const FILE = 67_108_864;

const JSON_TYPE = "application/json";
const MERGE_PATCH_TYPE = "application/merge-patch+json";
const JSON_PATCH_TYPE = "application/json-patch+json";
const JSON_LINES_TYPES = ["application/jsonl", "application/x-ndjson"];

/** Names, passwords or tokens as JSON. */
export function small(schema: z.ZodType): BodyRule {
  return { types: [JSON_TYPE], limit: SMALL, schema };
}

/** A change of an account, as JSON merge patch or plain JSON. */
export function smallPatch(schema: z.ZodType): BodyRule {
  return { types: [MERGE_PATCH_TYPE, JSON_TYPE], limit: SMALL, schema };
}

/** A record as JSON. */
export function record(schema: z.ZodType): BodyRule {
  return { types: [JSON_TYPE], limit: RECORD, schema };
}

/** A patch of a record, which the data service parses. */
export function recordPatch(schema: z.ZodType): BodyRule {
  return { types: [MERGE_PATCH_TYPE, JSON_PATCH_TYPE, JSON_TYPE], limit: RECORD, schema, streamed: true };
}

/** Many changes of records as JSON. */
export function batch(schema: z.ZodType): BodyRule {
  return { types: [JSON_TYPE], limit: BATCH, schema };
}

/** Many records as JSON Lines, which the data service parses line by line. */
export function lines(schema: z.ZodType): BodyRule {
  return { types: JSON_LINES_TYPES, limit: FILE, schema, streamed: true };
}

/** A task as JSON. */
export function task(schema: z.ZodType): BodyRule {
  return { types: [JSON_TYPE], limit: TASK, schema };
}

/** A file of any type. */
export function file(schema: z.ZodType): BodyRule {
  return { types: [ANY_TYPE], limit: FILE, schema, streamed: true };
}
