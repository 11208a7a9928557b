import { z } from "zod";

/** A failure (RFC 9457). */
export const problemSchema: z.ZodType = z.looseObject({
  type: z.string().meta({ description: "URI that names the kind of problem" }),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: "What is wrong with this request and what to do about it" }),
  request_id: z.string().meta({ description: "To be found in the logs of every role" }),
  errors: z.array(z.object({
    pointer: z.string().meta({ description: "JSON pointer to what does not fit" }),
    detail: z.string(),
  })).optional(),
}).meta({ id: "Problem" });
