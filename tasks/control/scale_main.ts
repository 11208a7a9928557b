import { scaleSchema } from "../scale.ts";
import { runOrders } from "./order_program.ts";

await runOrders({
  name: "deno task scale",
  summary: "changes how many instances a running system has",
  order: scaleSchema.transform((scale) => ({ order: "scale" as const, ...scale })),
  placeholder: "service=4",
  help: "how many instances of a role to run",
});
