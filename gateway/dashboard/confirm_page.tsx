import type { JSX } from "hono/jsx/jsx-runtime";
import { Layout, Sign } from "./layout.tsx";

/** An order that is to be confirmed. */
export interface ConfirmProps {
  order: string;
  /** What it is about, by the names of the fields. */
  about: Readonly<Record<string, string>>;
  /** What is asked for beside: a weight, or a number of instances. @default nothing */
  amount?: AmountField;
  /** Proves that the order came from this page. */
  formToken: string;
}

/** A number that an order takes. */
export interface AmountField {
  readonly name: "weight" | "count";
  readonly label: string;
  readonly value: string;
  readonly min: string;
  readonly max: string;
  readonly step: string;
}

/** The page on which an order is confirmed where no script runs. */
export function ConfirmPage({ order, about, amount, formToken }: ConfirmProps): JSX.Element {
  const verb = order === "resume" ? "undrain" : order;
  return (
    <Layout title="Confirm · Flotilla" kind="signing-in">
      <main>
        <form method="post" action="/dashboard/orders" class="panel">
          <h1>
            <Sign /> Flotilla
          </h1>
          <p>{`${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${Object.values(about).join(" ")}?`}</p>
          <input type="hidden" name="token" value={formToken} />
          <input type="hidden" name="order" value={order} />
          {Object.entries(about).map(([name, value]) => (
            <input type="hidden" key={name} name={name} value={value} />
          ))}
          {amount === undefined ? "" : (
            <label>
              {amount.label}
              <input
                type="number"
                name={amount.name}
                required
                value={amount.value}
                min={amount.min}
                max={amount.max}
                step={amount.step}
              />
            </label>
          )}
          <button type="submit">Confirm</button>
          <a href="/dashboard">Cancel</a>
        </form>
      </main>
    </Layout>
  );
}
