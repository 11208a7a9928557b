import { type Change, changeKey, type Latest, LATEST_KEY, recordKey } from "./keyspace.ts";
import { encodeValue, type StoredRecord } from "./record.ts";

const WELCOME = {
  message: "Welcome to Flotilla. This record came with the database; change it, delete it, add your own.",
  try: ["GET /data", "PUT /data/hello", "POST /longtask"],
};

/** The owner of what nobody made. */
export const SYSTEM = "system";

/**
 * Writes the first record and the beginning of the change log, at once and only into a database that has neither: the
 * log stays when the record is deleted, so the record does not come back.
 */
export async function seedDatabase(kv: Deno.Kv, now: number): Promise<void> {
  const scope = { owner: SYSTEM, access: "public", sharedWith: [] } as const;
  const record: StoredRecord = {
    ...scope,
    json: encodeValue(WELCOME),
    version: 1,
    created: now,
    updated: now,
  };
  const epoch = crypto.randomUUID();
  const change: Change = { id: "welcome", type: "put", at: now, commit: epoch, scope };
  const latest: Latest = { seq: 1, epoch };
  await kv.atomic().check({ key: LATEST_KEY, versionstamp: null })
    .set(recordKey("welcome"), record)
    .set(changeKey(1), change)
    .set(LATEST_KEY, latest)
    .commit();
}
