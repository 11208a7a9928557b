import type { JSX } from "hono/jsx/jsx-runtime";
import { type Bindings, flowKey } from "./bindings.ts";
import { type Direction, type DrawnNode, drawTopology } from "./drawing.ts";
import type { PublishedTopology } from "./published_topology.ts";

interface DrawingProps {
  topology: PublishedTopology;
  bindings: Bindings;
  direction: Direction;
}

/** The topology as it is now: who sends to whom, and how much. */
export function TopologyDrawing({ topology, bindings, direction }: DrawingProps): JSX.Element {
  const { width, height, nodes, edges } = drawTopology(topology.instances, direction);
  const Label = direction === "across" ? WideLabel : NarrowLabel;
  return (
    <svg
      class={`topology ${direction}`}
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label="Topology: each box leads to its instance below"
    >
      <g class="flows" aria-hidden="true">
        {edges.map(({ from, to, path }) => {
          const key = flowKey({ from, to });
          return (
            <path
              d={path}
              data-bind={`stroke-width:${key}.width state:${key}.state title:${key}.title`}
              data-state={bindings[`${key}.state`] ?? "still"}
              stroke-width={bindings[`${key}.width`] ?? "1.5"}
            >
              <title>{bindings[`${key}.title`] ?? key}</title>
            </path>
          );
        })}
      </g>
      {nodes.map((node) => (
        <a
          href={`#instance-${node.name}`}
          class="node"
          data-bind={`state:${node.name}.state`}
          data-state={bindings[`${node.name}.state`] ?? "unknown"}
        >
          <rect x={node.x} y={node.y} width={node.width} height={node.height} rx="7" />
          <Label node={node} bindings={bindings} />
        </a>
      ))}
    </svg>
  );
}

interface LabelProps {
  node: DrawnNode;
  bindings: Bindings;
}

function WideLabel({ node, bindings }: LabelProps): JSX.Element {
  const { name, x, y } = node;
  return (
    <>
      <rect class="mark" x={x} y={y + 8} width="4" height={node.height - 16} rx="2" />
      <text class="name" x={x + 13} y={y + 19}>{name}</text>
      <text class="figure" x={x + 13} y={y + 36} data-bind={`text:${name}.short`}>
        {bindings[`${name}.short`] ?? ""}
      </text>
    </>
  );
}

/** Characters that fit into a line of a narrow box. */
const NARROW = 14;

/** The words of a name in lines. */
function wrapped(name: string): string[] {
  const lines: string[] = [];
  for (const word of name.split("_")) {
    const longer = `${lines.at(-1)}_${word}`;
    if (lines.length > 0 && longer.length <= NARROW) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.slice(0, 2);
}

function NarrowLabel({ node: { name, x, y, width }, bindings }: LabelProps): JSX.Element {
  const middle = x + width / 2;
  const lines = wrapped(name);
  const first = y + (lines.length > 1 ? 16 : 23);
  return (
    <>
      {lines.map((line, index) => (
        <text class="name" text-anchor="middle" x={middle} y={first + index * 13}>{line}</text>
      ))}
      <text class="figure" text-anchor="middle" x={middle} y={y + 46} data-bind={`text:${name}.tiny`}>
        {bindings[`${name}.tiny`] ?? ""}
      </text>
    </>
  );
}
