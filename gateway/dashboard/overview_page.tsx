// deno-lint-ignore-file jsx-key -- rendered once, on the server: there is nothing to match up
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AuditEntry } from "./audit_log.ts";
import type { Bindings } from "./bindings.ts";
import { Bound } from "./bound.tsx";
import { InstanceCard } from "./instance_card.tsx";
import { Layout, Sign } from "./layout.tsx";
import { Plots } from "./plots.tsx";
import type { PublishedTopology } from "./published_topology.ts";
import { TopologyDrawing } from "./topology_drawing.tsx";

/** What the page is made of. */
export interface OverviewProps {
  topology: PublishedTopology;
  bindings: Bindings;
  /** The orders that were given, the newest first. */
  audit: readonly AuditEntry[];
  /** Who is signed in. */
  username: string;
  /** Proves that an order came from this page. */
  formToken: string;
  /** The gateway that answers. */
  instance: string;
}

/** The page that shows the system. */
export function OverviewPage(props: OverviewProps): JSX.Element {
  const { topology, bindings, audit } = props;
  return (
    <Layout title="Flotilla" kind="overview" scripts={["uplot.js", "dashboard.js"]}>
      <a class="skip" href="#main">Skip to the system</a>
      <TopBar {...props} />
      <main id="main" tabindex={-1} data-form-token={props.formToken} data-topology={namesOf(topology)}>
        <h1 class="unseen">The system now</h1>
        <Summary bindings={bindings} />
        <section aria-labelledby="topology-title">
          <h2 id="topology-title">Topology</h2>
          <div class="panel drawing">
            <TopologyDrawing topology={topology} bindings={bindings} direction="across" />
            <TopologyDrawing topology={topology} bindings={bindings} direction="down" />
            <p class="quiet">
              The thicker a line, the more requests a second. What several send to one and none of them counts
              is shared out by how much each has to do.
            </p>
          </div>
        </section>
        <section aria-labelledby="plots-title">
          <h2 id="plots-title">The last 15 minutes</h2>
          <Plots topology={topology} />
        </section>
        <TasksSection bindings={bindings} />
        <section aria-labelledby="instances-title">
          <h2 id="instances-title">Instances</h2>
          <GroupControls topology={topology} />
          <div class="instances">
            {topology.instances.map((instance) => <InstanceCard instance={instance} bindings={bindings} />)}
          </div>
        </section>
        <section aria-labelledby="orders-title">
          <h2 id="orders-title">Orders</h2>
          <div class="panel">
            <ul class="tasks" id="orders">
              {audit.slice(0, SHOWN_ORDERS).map((entry) => <OrderItem entry={entry} />)}
            </ul>
            <p class="quiet empty">None yet.</p>
          </div>
        </section>
      </main>
      <ConfirmDialog />
      <p id="notice" role="status" aria-live="polite"></p>
    </Layout>
  );
}

/** How many orders are shown. */
export const SHOWN_ORDERS = 12;

function OrderItem({ entry }: { entry: AuditEntry }): JSX.Element {
  const { at, by, what, failure } = entry;
  return (
    <li data-state={failure === undefined ? "succeeded" : "failed"}>
      <span class="badge">{failure === undefined ? "done" : "failed"}</span>
      <b>{what}</b>
      <code></code>
      <span class="quiet about">
        {[`by ${by}`, `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`, failure].filter(Boolean).join(" · ")}
      </span>
    </li>
  );
}

/** How many instances there are of each group of which there may be more. */
function GroupControls({ topology }: { topology: PublishedTopology }): JSX.Element {
  const groups = Map.groupBy(topology.instances, ({ group }) => group ?? "");
  groups.delete("");
  return (
    <div class="groups">
      {topology.control === undefined
        ? ""
        : [...groups].map(([group, { length }]) => (
          <form method="get" action="/dashboard/confirm" key={group}>
            <input type="hidden" name="group" value={group} />
            <button
              type="submit"
              class="second"
              name="order"
              value="scale"
              data-order="scale"
              data-group={group}
              data-count={length}
              aria-haspopup="dialog"
            >
              Scale {group} ({length})
            </button>
          </form>
        ))}
    </div>
  );
}

/** Changes when the page has to be built anew. */
export function namesOf({ instances }: PublishedTopology): string {
  return instances.map(({ name }) => name).join(" ");
}

function TopBar({ username, formToken, instance }: OverviewProps): JSX.Element {
  return (
    <header class="top">
      <p class="brand">
        <Sign /> Flotilla
      </p>
      <p class="live" data-state="waiting" role="status">
        <span id="live-text">Connecting</span>
        <span class="quiet">by {instance}</span>
      </p>
      <form method="post" action="/dashboard/sign-out">
        <input type="hidden" name="token" value={formToken} />
        <span class="quiet">{username}</span>
        <button type="submit" class="second">Sign out</button>
      </form>
    </header>
  );
}

const TILES = [
  ["up", "Instances up", "up.state"],
  ["rps", "Requests/s", ""],
  ["errors", "Failures/s", "errors.state"],
  ["p50", "p50", ""],
  ["p99", "p99", ""],
  ["hit", "Cache hits", ""],
  ["tasks.queued", "Tasks queued", ""],
  ["tasks.running", "Tasks running", ""],
] as const;

function Summary({ bindings }: { bindings: Bindings }): JSX.Element {
  return (
    <>
      <p
        class="health"
        aria-live="polite"
        data-bind="state:health.state"
        data-state={bindings["health.state"] ?? ""}
      >
        <Bound name="health" of={bindings} />
      </p>
      <dl class="tiles">
        {TILES.map(([name, label, state]) => (
          <div
            class="panel"
            {...(state === "" ? {} : { "data-bind": `state:${state}`, "data-state": bindings[state] })}
          >
            <dt>{label}</dt>
            <dd>
              <Bound name={name} of={bindings} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const COUNTS = ["queued", "running", "retrying", "scheduled", "succeeded", "failed"] as const;

function TasksSection({ bindings }: { bindings: Bindings }): JSX.Element {
  return (
    <section aria-labelledby="tasks-title">
      <h2 id="tasks-title">Tasks</h2>
      <ul class="counts">
        {COUNTS.map((status) => (
          <li>
            <Bound name={`tasks.${status}`} of={bindings} /> {status}
          </li>
        ))}
      </ul>
      <div class="task-lists">
        <div class="panel">
          <header class="row">
            <h3>Mine, newest first</h3>
            <button type="button" data-order="report">Run a report</button>
          </header>
          <ul class="tasks" id="own-tasks"></ul>
          <p class="quiet empty">None yet.</p>
        </div>
        <div class="panel">
          <header class="row">
            <h3>Running now, of everybody</h3>
          </header>
          <ul class="tasks" id="running-tasks"></ul>
          <p class="quiet empty">None.</p>
        </div>
        <div class="panel">
          <header class="row">
            <h3>Dead letters of everybody</h3>
          </header>
          <ul class="tasks" id="failed-tasks"></ul>
          <p class="quiet empty">None: no task has failed for good.</p>
        </div>
      </div>
      <template id="task">
        <li>
          <span class="badge"></span>
          <b></b>
          <code></code>
          <progress max="1"></progress>
          <span class="quiet about"></span>
          <button type="button" data-order="retry" hidden>Send again</button>
        </li>
      </template>
    </section>
  );
}

function ConfirmDialog(): JSX.Element {
  return (
    <dialog id="confirm" aria-labelledby="confirm-title">
      <form method="dialog">
        <h2 id="confirm-title"></h2>
        <p id="confirm-text"></p>
        <label id="confirm-amount" hidden>
          <span></span>
          <input type="number" required />
        </label>
        <div class="row">
          <button type="submit" value="cancel" class="second" formnovalidate>Cancel</button>
          <button type="submit" value="confirm" id="confirm-yes">Confirm</button>
        </div>
      </form>
    </dialog>
  );
}
