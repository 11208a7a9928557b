import { z } from "zod";
import { runOrders } from "./order_program.ts";

await runOrders({
  name: "deno task weigh",
  summary: "gives an instance a larger or smaller share of the load",
  order: z.string().regex(/^\w{1,64}=\d+(\.\d+)?$/, "must be like service_1=2").transform((text) => {
    const [instance = "", weight] = text.split("=");
    return { order: "weigh" as const, instance, weight: Number(weight) };
  }).refine(
    ({ weight }) => weight > 0 && weight <= 1_000,
    "the weight must be above 0 and at most 1000; deno task drain keeps requests from an instance",
  ),
  placeholder: "service_1=2",
  help: "the instance and its weight: one of 2 gets twice the share of one of 1",
});
