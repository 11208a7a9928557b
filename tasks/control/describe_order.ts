import type { Order } from "./contract.ts";

/** An order in a few words. */
export function describeOrder(order: Order): string {
  switch (order.order) {
    case "scale":
      return `scale ${order.group} to ${order.count}`;
    case "weigh":
      return `weigh ${order.instance} ${order.weight}`;
    case "resume":
      return `undrain ${order.instance}`;
    case "drain":
      return `drain ${order.instance}`;
  }
}
