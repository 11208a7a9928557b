import { z } from "zod";

const ID = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}$/;
const ID_RULE = "must have 1 to 200 letters, digits and . _ ~ : @ -, beginning with a letter or digit";

const idSchema = z.string().regex(ID, ID_RULE);
const timeSchema = z.iso.datetime({
  offset: true,
  error: "must be a date and time like 2030-01-01T00:00:00Z",
});
const accessSchema = z.enum(["private", "shared", "public"]);
const valueSchema = z.unknown().refine((value) => value !== undefined, "must be given")
  .meta({ description: "Any JSON of up to 63,488 bytes" });

const contentSchema = z.strictObject({
  value: valueSchema,
  access: accessSchema.optional().meta({ description: "Who sees it; public unless you say otherwise" }),
  sharedWith: z.array(z.string().min(1).max(64)).max(10).optional().meta({ description: "Names of users" }),
  expires: timeSchema.optional().meta({ description: "From when on it does not exist" }),
});

/** `POST /data` */
export const newRecordSchema: z.ZodType = contentSchema.extend({
  id: idSchema.optional().meta({ description: "A UUID version 7 is made when none is given" }),
}).meta({ id: "NewRecord", example: { id: "greeting", value: { text: "Hello" } } });

/** `PUT /data/:id` */
export const recordContentSchema: z.ZodType = contentSchema.meta({
  id: "RecordContent",
  example: { value: { text: "Hello again" } },
});

/** `PATCH /data/:id` */
export const recordPatchSchema: z.ZodType = z.unknown().meta({
  id: "RecordPatch",
  description:
    "A merge patch of the value (RFC 7396), or a JSON patch (RFC 6902) as application/json-patch+json",
  example: { text: "Hello once more" },
});

/** `POST /data/batch` */
export const batchSchema: z.ZodType = z.looseObject({
  operations: z.array(z.looseObject({ op: z.enum(["create", "put", "merge", "patch", "delete"]) })).min(1)
    .max(100),
}).meta({
  id: "Batch",
  example: {
    operations: [{ op: "put", id: "greeting", value: "Hello" }, { op: "delete", id: "welcome" }],
  },
});

/** Records as JSON Lines, one a line, as they are exported and imported. */
export const recordLinesSchema: z.ZodType = z.string().meta({
  example: '{"id":"greeting","value":"Hello"}\n',
});

const recordSchema = z.object({
  id: z.string(),
  value: z.unknown(),
  version: z.int(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  owner: z.string(),
  access: accessSchema,
  sharedWith: z.array(z.string()).optional(),
  expires: z.iso.datetime().optional(),
}).meta({ id: "Record" });

/** A record in an answer. */
export const recordAnswerSchema: z.ZodType = z.object({
  cached: z.boolean().meta({ description: "Whether it came from a cache" }),
  data: recordSchema,
}).meta({ id: "RecordAnswer" });

/** The answer of `POST /data/batch`. */
export const batchAnswerSchema: z.ZodType = z.object({
  data: z.array(recordSchema.nullable()).meta({
    description: "The record each operation leaves; null when deleted",
  }),
}).meta({ id: "BatchAnswer" });

/** The answer of `POST /data/import`. */
export const importAnswerSchema: z.ZodType = z.looseObject({
  created: z.int(),
  replaced: z.int(),
  skipped: z.int(),
  failed: z.int(),
}).meta({ id: "ImportAnswer" });

/** `GET /data` */
export const recordPageSchema: z.ZodType = z.object({
  cached: z.boolean(),
  data: z.array(recordSchema),
  next: z.string().nullable().meta({ description: "?cursor of the next page" }),
}).meta({ id: "RecordPage" });

/** The name in `/data/:id`. */
export const recordParams = z.object({ id: idSchema });

/** The query of `GET /data`. */
export const recordQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).optional().meta({ description: "100 unless given" }),
  cursor: z.string().optional().meta({ description: "next of the page before" }),
  prefix: z.string().optional().meta({ description: "What ids begin with" }),
});

/** The query of `GET /data/events` and `GET /data/export`. */
export const prefixQuery = z.strictObject({
  prefix: z.string().optional().meta({ description: "What ids begin with" }),
});

/** The query of `POST /data/import`. */
export const importQuery = z.strictObject({
  existing: z.enum(["replace", "skip"]).optional().meta({
    description: "What happens to records that exist",
  }),
});
