import { z } from "zod";

const statuses = ["scheduled", "queued", "running", "retrying", "succeeded", "failed", "cancelled"];
const idSchema = z.string().min(1).max(128);

const repeatSchema = z.union([
  z.strictObject({ every: z.number().min(1) }),
  z.strictObject({
    cron: z.string().meta({ examples: ["30 2 * * *"] }),
    time_zone: z.string().optional().meta({ description: "UTC unless given", examples: ["Europe/Berlin"] }),
  }),
]);

/** `POST /longtask`: members that are not named here are the input of the kind. */
export const newTaskSchema: z.ZodType = z.looseObject({
  task: z.string().min(1).max(64).meta({ description: "The kind, such as report" }),
  priority: z.int().min(-10).max(10).optional(),
  delay: z.number().min(0).optional().meta({ description: "Seconds until it may begin" }),
  run_at: z.iso.datetime({ offset: true }).optional().meta({ description: "When it may begin" }),
  repeat: repeatSchema.optional().meta({
    description:
      "Comes again: every so many seconds, or at the times of a cron pattern by the clocks of a time zone",
  }),
  notify: z.looseObject({ url: z.string() }).optional().meta({ description: "Is called when it is over" }),
}).meta({ id: "NewTask", example: { task: "report" } });

/** The answer of `POST /longtask`. */
export const queuedSchema: z.ZodType = z.object({
  status: z.literal("Task queued"),
  id: z.string(),
  url: z.string(),
  schedule: z.string().optional().meta({ description: "The schedule's address, when it comes again" }),
}).meta({ id: "QueuedTask" });

const fileSchema = z.object({
  name: z.string(),
  type: z.string(),
  size: z.int(),
  sha256: z.string(),
  url: z.string(),
});

/** A task as its owner sees it. */
export const taskSchema: z.ZodType = z.looseObject({
  id: z.string(),
  task: z.string(),
  status: z.string().meta({ enum: statuses }),
  progress: z.number().min(0).max(1),
  note: z.string().optional(),
  attempt: z.int(),
  priority: z.int(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  url: z.string(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
  files: z.array(fileSchema).optional(),
}).meta({ id: "Task" });

/** `GET /longtask` */
export const taskPageSchema: z.ZodType = z.object({
  tasks: z.array(taskSchema),
  next: z.string().nullable().meta({ description: "?cursor of the next page" }),
}).meta({ id: "TaskPage" });

/** A task that comes again. */
export const scheduleSchema: z.ZodType = z.looseObject({
  id: z.string(),
  task: z.string(),
  repeat: repeatSchema,
  created: z.iso.datetime(),
  url: z.string(),
  next: z.object({ id: z.string(), url: z.string(), run_at: z.iso.datetime() }),
}).meta({ id: "Schedule" });

/** `GET /longtask/schedules` */
export const schedulesSchema: z.ZodType = z.object({ schedules: z.array(scheduleSchema) }).meta({
  id: "Schedules",
});

/** What a task has written about its run. */
export const taskLogSchema: z.ZodType = z.object({
  lines: z.array(z.looseObject({ time: z.iso.datetime() })),
}).meta({ id: "TaskLog" });

/** `POST /longtask/uploads` */
export const uploadSchema: z.ZodType = z.string().meta({ format: "binary" });

/** The answer of `POST /longtask/uploads`. */
export const uploadedSchema: z.ZodType = z.object({
  file: z.string().meta({ description: "To be named in the input of a task" }),
  size: z.int(),
  sha256: z.string(),
  expires: z.iso.datetime(),
}).meta({ id: "UploadedFile" });

const ownerSchema = z.string().optional().meta({ description: "Whose tasks, for administrators" });

/** Whose task is meant. */
export const ownerQuery = z.strictObject({ owner: ownerSchema });

/** The name in `/longtask/:id`. */
export const taskParams = z.object({ id: idSchema });

/** The names in `/longtask/:id/files/:name`. */
export const taskFileParams = z.object({ id: idSchema, name: z.string().min(1).max(255) });

/** The query of `GET /longtask`. */
export const taskQuery = z.strictObject({
  status: z.enum(statuses).optional(),
  task: z.string().max(64).optional().meta({ description: "Of this kind only" }),
  schedule: z.string().max(128).optional().meta({ description: "Of this schedule only" }),
  limit: z.coerce.number().int().min(1).max(100).optional().meta({ description: "20 unless given" }),
  cursor: z.string().optional().meta({ description: "next of the page before" }),
  owner: ownerSchema.meta({
    description:
      "Whose tasks, for administrators; * for those of everybody, with the status failed or running",
  }),
});
