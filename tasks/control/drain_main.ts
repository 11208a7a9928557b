import { instanceSchema, runOrders } from "./order_program.ts";

await runOrders({
  name: "deno task drain",
  summary: "sends an instance no new requests, and waits until those it has are over",
  order: instanceSchema.transform((instance) => ({ order: "drain" as const, instance })),
  placeholder: "service_1",
  help: "the instance",
});
