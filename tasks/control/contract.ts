import { z } from "zod";
import { MOST_INSTANCES } from "../scale.ts";
import { ROLES } from "../topology_schema.ts";

const nameSchema = z.string().regex(/^\w{1,64}$/, "must be a name like service_1");

/** What can be asked of a running system. */
export const orderSchema = z.discriminatedUnion("order", [
  z.strictObject({ order: z.literal("scale"), group: nameSchema, count: z.int().min(1).max(MOST_INSTANCES) }),
  z.strictObject({ order: z.literal("drain"), instance: nameSchema }),
  z.strictObject({ order: z.literal("resume"), instance: nameSchema }),
  z.strictObject({
    order: z.literal("weigh"),
    instance: nameSchema,
    weight: z.number().positive().max(1_000),
  }),
]);

/** What can be asked of a running system. */
export type Order = z.infer<typeof orderSchema>;

/** An order, and who gives it, for the audit log. */
export const orderRequestSchema = z.strictObject({
  by: z.string().min(1).max(128),
  order: orderSchema,
});

/** What is told of an order that is carried out, as lines of JSON: steps, then how it ended. */
export const progressSchema = z.union([
  z.object({ step: z.string() }),
  z.object({ outcome: z.literal("done") }),
  z.object({ outcome: z.literal("failed"), reason: z.string() }),
]);

/** What is told of an order that is carried out. */
export type Progress = z.infer<typeof progressSchema>;

/** The processes that a system has now. */
export const systemSchema = z.object({
  processes: z.array(z.object({
    name: nameSchema,
    role: z.enum(ROLES),
    host: z.string(),
    port: z.int(),
    adminPort: z.int().exactOptional(),
    calls: z.array(z.string()),
    state: z.string(),
    pid: z.int().nullable(),
  })),
  /** The group that is being scaled. */
  scaling: z.string().nullable(),
});

/** The processes that a system has now. */
export type RunningSystem = z.infer<typeof systemSchema>;

/** Tells what happens. */
export type Tell = (step: string) => void;
