import { z } from "zod";

/** Where orders and what became of them are kept: one key of the shared database. */
export const AUDIT_KEY = ["flotilla", "audit"] as const;

/** How many entries are kept: as many of the longest as fit into one value of Deno KV (65,536 bytes). */
export const MOST_ENTRIES = 100;

const LONGEST_TEXT = 160;
/** How often an entry is tried that another was written before. */
const ATTEMPTS = 20;

const textSchema = z.string().transform((text) => text.slice(0, LONGEST_TEXT));
const entrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  by: textSchema,
  what: textSchema,
  /** Why it failed or was refused; without it, it was carried out. */
  failure: textSchema.exactOptional(),
});

/** An order: who gave it, what it was, when it was settled, and how. */
export type AuditEntry = Readonly<z.infer<typeof entrySchema>>;

/** Reads what is kept, the newest first; what is no audit log counts as none. */
export function readAudit(value: unknown): readonly AuditEntry[] {
  return z.array(entrySchema).safeParse(value).data ?? [];
}

/**
 * Keeps an entry; the oldest is forgotten when there are too many.
 *
 * @throws {Error} when the database fails, or others write all the time
 */
export async function recordAudit(
  kv: Deno.Kv,
  order: Omit<AuditEntry, "id" | "at">,
  now: number = Date.now(),
): Promise<void> {
  const entry = entrySchema.parse({ ...order, id: crypto.randomUUID(), at: new Date(now).toISOString() });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const current = await kv.get(AUDIT_KEY);
    const entries = readAudit(current.value);
    // A write whose answer was lost is sent again by the client, and then fails its own check.
    if (entries.some(({ id }) => id === entry.id)) return;
    const { ok } = await kv.atomic().check(current)
      .set(AUDIT_KEY, [entry, ...entries].slice(0, MOST_ENTRIES)).commit();
    if (ok) return;
  }
  throw new Error("Cannot keep the order in the audit log: others write all the time");
}
