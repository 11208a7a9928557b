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
  sharedWith: z.array(z.string().min(1).max(64)).max(20).optional().meta({ description: "Names of users" }),
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
  id: "MergePatch",
  description: "Any JSON; members of an object that are null are taken away (RFC 7396)",
  example: { text: "Hello once more" },
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
