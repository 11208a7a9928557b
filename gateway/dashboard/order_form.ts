import type { AmountField } from "./confirm_page.tsx";
import type { SystemView } from "./system_view.ts";

/** What a form asks for, as the page's script would send it. */
export function formOrder(form: URLSearchParams): Readonly<Record<string, unknown>> {
  const { token: _token, weight, count, ...order } = Object.fromEntries(form);
  return {
    ...order,
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    ...(count === undefined ? {} : { count: Number(count) }),
  };
}

/** The number that an order takes, filled in with what it is now; `undefined` for an order that takes none. */
export function amountOf(
  order: string,
  view: SystemView,
  about: Readonly<Record<string, string>>,
): AmountField | undefined {
  if (order === "weigh") {
    const found = view.instances.find(({ instance }) => instance.name === about["instance"]);
    const value = String(found?.upstream?.control?.weight ?? 1);
    return { name: "weight", label: "Weight", value, min: "0.1", max: "1000", step: "0.1" };
  }
  if (order !== "scale") return undefined;
  const { instances } = view.topology;
  const value = String(instances.filter(({ group }) => group === about["group"]).length);
  return { name: "count", label: "Instances", value, min: "1", max: "64", step: "1" };
}
