import { z } from "zod";

/** Where the supervisor writes which processes there are, and gateways read it: one key of the shared database. */
export const TOPOLOGY_KEY = ["flotilla", "topology"] as const;

const nameSchema = z.string().regex(/^\w{1,64}$/);
const originSchema = z.url({ protocol: /^https?$/ }).refine((text) => URL.parse(text)?.origin === text, {
  error: "must be an origin like http://127.0.0.1:5000",
});

/** One process, as others see it. */
export const publishedInstanceSchema = z.strictObject({
  name: nameSchema,
  /** The kind of process: `service`. */
  role: nameSchema,
  /** Where others call it. */
  origin: originSchema,
  /** Where it answers `/metrics` for itself; the same as `origin` for all but balancers with a port for that. */
  ownOrigin: originSchema,
  /** Where a balancer takes orders. Without it, it takes none. */
  adminOrigin: originSchema.exactOptional(),
  /** The group that it is an instance of, if there may be more or fewer of them. */
  group: nameSchema.exactOptional(),
  /** How far it is from the clients: 0 is the edge. */
  tier: z.int().min(0).max(63),
  /** Names of those that it calls. */
  calls: z.array(nameSchema),
});

/** The whole system as it is meant to be; up to some 250 instances fit into one value of Deno KV (65,536 bytes). */
export const publishedTopologySchema = z.strictObject({
  /** Where the supervisor takes orders. Without it, it takes none. */
  control: originSchema.exactOptional(),
  instances: z.array(publishedInstanceSchema).superRefine((instances, context) => {
    const names = new Set(instances.map(({ name }) => name));
    if (names.size < instances.length) context.addIssue({ code: "custom", message: "a name is given twice" });
    for (const { name, calls } of instances) {
      const unknown = calls.find((called) => !names.has(called));
      if (unknown === undefined) continue;
      context.addIssue({ code: "custom", message: `${name} calls ${unknown}, which does not exist` });
    }
  }),
});

/** One process, as others see it. */
export type PublishedInstance = Readonly<z.infer<typeof publishedInstanceSchema>>;

/** The whole system as it is meant to be. */
export interface PublishedTopology {
  readonly control?: string;
  readonly instances: readonly PublishedInstance[];
}

/** A system of which nothing is known. */
export const EMPTY_TOPOLOGY: PublishedTopology = { instances: [] };
