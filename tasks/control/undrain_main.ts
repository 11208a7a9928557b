import { instanceSchema, runOrders } from "./order_program.ts";

await runOrders({
  name: "deno task undrain",
  summary: "sends an instance requests again",
  order: instanceSchema.transform((instance) => ({ order: "resume" as const, instance })),
  placeholder: "service_1",
  help: "the instance",
});
