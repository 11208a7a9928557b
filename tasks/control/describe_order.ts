import type { Order } from "./contract.ts";

/** What an order is about: a group or an instance. */
export function targetOf(order: Order): string {
  return order.order === "scale" ? order.group : order.instance;
}

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
