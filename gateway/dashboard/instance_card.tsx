import type { JSX } from "hono/jsx/jsx-runtime";
import type { Bindings } from "./bindings.ts";
import { Bound } from "./bound.tsx";
import type { PublishedInstance } from "./published_topology.ts";

const FIGURES = [
  ["rps", "Requests/s"],
  ["p50", "p50"],
  ["p99", "p99"],
  ["errors", "Errors/s"],
  ["inflight", "In flight"],
  ["memory", "Memory"],
  ["lag", "Lag p99"],
  ["ejections", "Ejections"],
] as const;

/** One instance: how it stands, what it does, and what can be done with it. */
export function InstanceCard(
  { instance, bindings }: { instance: PublishedInstance; bindings: Bindings },
): JSX.Element {
  const { name, role, origin } = instance;
  const state = bindings[`${name}.state`] ?? "unknown";
  return (
    <article
      class="panel instance"
      id={`instance-${name}`}
      tabindex={-1}
      aria-labelledby={`name-${name}`}
      data-bind={`state:${name}.state`}
      data-state={state}
    >
      <header>
        <h3 id={`name-${name}`}>{breakable(name)}</h3>
        <span class="badge" data-bind={`text:${name}.state`}>{state}</span>
        <p class="quiet">{role} · {URL.parse(origin)?.host}</p>
      </header>
      <svg class="spark" viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true">
        <polyline points="" data-spark={name} vector-effect="non-scaling-stroke" />
      </svg>
      <dl>
        {FIGURES.map(([key, label]) => (
          <div
            class={key}
            {...stateOf(bindings, key === "errors" ? `${name}.errors.state` : `${name}.${key}`)}
          >
            <dt>{label}</dt>
            <dd>
              <Bound name={`${name}.${key}`} of={bindings} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="reason" data-bind={`text:${name}.reason`}>{bindings[`${name}.reason`] ?? ""}</p>
      <Controls name={name} bindings={bindings} />
    </article>
  );
}

/** A name that may go on in another line after each of its words. */
function breakable(name: string): JSX.Element {
  return (
    <>
      {name.split(/(?<=_)/).map((word) => (
        <>
          {word}
          <wbr />
        </>
      ))}
    </>
  );
}

function Controls({ name, bindings }: { name: string; bindings: Bindings }): JSX.Element {
  const order = (which: string) =>
    ({
      type: "submit",
      name: "order",
      value: which,
      "data-order": which,
      "data-instance": name,
      "aria-haspopup": "dialog",
    }) as const;
  return (
    // Where no script runs, a page asks for the confirmation.
    <form
      method="get"
      action="/dashboard/confirm"
      class="controls"
      {...stateOf(bindings, `${name}.controls`)}
    >
      <input type="hidden" name="instance" value={name} />
      <button {...order("drain")} aria-label={`Drain ${name}`}>Drain</button>
      <button {...order("resume")} aria-label={`Undrain ${name}`}>Undrain</button>
      <button {...order("weigh")} class="second">
        Weight <Bound name={`${name}.weight`} of={bindings} /> <span class="unseen">of {name}</span>
      </button>
    </form>
  );
}

function stateOf(bindings: Bindings, name: string): { "data-bind": string; "data-state": string } {
  return { "data-bind": `state:${name}`, "data-state": bindings[name] ?? "" };
}
