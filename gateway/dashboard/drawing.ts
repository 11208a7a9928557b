import type { PublishedInstance } from "./published_topology.ts";

/** A place for one instance. */
export interface DrawnNode {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A way from one instance to another. */
export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** For the `d` of an SVG path. */
  readonly path: string;
}

/** The topology as a drawing, in units of its own. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

/** How tiers follow one another: from left to right, or for narrow screens from top to bottom. */
export type Direction = "across" | "down";

interface Measures {
  readonly width: number;
  readonly height: number;
  /** Between two tiers. */
  readonly between: number;
  /** Between two instances of a tier. */
  readonly beside: number;
}

const MEASURES: Readonly<Record<Direction, Measures>> = {
  across: { width: 220, height: 46, between: 70, beside: 14 },
  down: { width: 104, height: 54, between: 40, beside: 8 },
};
/** Room at the sides; ways past several tiers run in it. */
const MARGIN = 14;
/** A tier with more instances than this takes several lines of a narrow drawing. */
const MOST_BESIDE = 3;

/**
 * Draws instances tier by tier, each tier centred, in the order in which the tier before calls them. A way that passes
 * tiers runs along the side.
 */
export function drawTopology(instances: readonly PublishedInstance[], direction: Direction): Drawing {
  const measures = MEASURES[direction];
  const lines = direction === "across"
    ? tiersOf(instances)
    : tiersOf(instances).flatMap((tier) => chunks(tier, MOST_BESIDE));
  const down = direction === "down";
  const along = down ? measures.height : measures.width;
  const beside = down ? measures.width : measures.height;
  const breadth = (count: number) => count * beside + Math.max(0, count - 1) * measures.beside;
  const broadest = Math.max(0, ...lines.map(({ length }) => breadth(length)));
  const nodes = lines.flatMap((line, index) => {
    const first = MARGIN * 2 + (broadest - breadth(line.length)) / 2;
    const far = MARGIN + index * (along + measures.between);
    return line.map(({ name }, position) => {
      const near = first + position * (beside + measures.beside);
      const { width, height } = measures;
      return down ? { name, x: near, y: far, width, height } : { name, x: far, y: near, width, height };
    });
  });
  const length = MARGIN * 2 + lines.length * along + Math.max(0, lines.length - 1) * measures.between;
  const [width, height] = down ? [broadest + 4 * MARGIN, length] : [length, broadest + 3 * MARGIN];
  return { width, height, nodes, edges: edgesOf(instances, { nodes, down }) };
}

function tiersOf(instances: readonly PublishedInstance[]): PublishedInstance[][] {
  const tiers: PublishedInstance[][] = [];
  for (const number of [...new Set(instances.map(({ tier }) => tier))].sort((a, b) => a - b)) {
    const before = tiers.at(-1)?.flatMap(({ calls }) => calls) ?? [];
    const place = ({ name }: PublishedInstance) => {
      const index = before.indexOf(name);
      return index < 0 ? before.length : index;
    };
    const tier = instances.filter(({ tier }) => tier === number);
    tiers.push(tier.sort((a, b) => place(a) - place(b)));
  }
  return tiers;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  const even = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, index) => items.slice(index * even, (index + 1) * even));
}

interface Placed {
  readonly nodes: readonly DrawnNode[];
  readonly down: boolean;
}

function edgesOf(instances: readonly PublishedInstance[], { nodes, down }: Placed): DrawnEdge[] {
  const places = new Map(nodes.map((node) => [node.name, node]));
  const tiers = new Map(instances.map(({ name, tier }) => [name, tier]));
  return instances.flatMap(({ name, calls }) =>
    calls.flatMap((called) => {
      const from = places.get(name);
      const to = places.get(called);
      if (from === undefined || to === undefined) return [];
      const tiersOn = (tiers.get(called) ?? 0) - (tiers.get(name) ?? 0);
      return [{ from: name, to: called, path: pathBetween(from, to, { tiersOn, down }) }];
    })
  );
}

type Point = readonly [far: number, near: number];

function pathBetween(from: DrawnNode, to: DrawnNode, how: { tiersOn: number; down: boolean }): string {
  const { tiersOn, down } = how;
  const forward = tiersOn > 0;
  const start = endpoint(from, down, forward);
  const end = endpoint(to, down, !forward);
  const at = ([far, near]: Point) => down ? `${round(near)},${round(far)}` : `${round(far)},${round(near)}`;
  const curve = (a: Point, b: Point) => {
    const middle = (a[0] + b[0]) / 2;
    return `C${at([middle, a[1]])} ${at([middle, b[1]])} ${at(b)}`;
  };
  if (tiersOn <= 1) return `M${at(start)}${curve(start, end)}`;
  const bend = 34;
  const lane: readonly [Point, Point] = [[start[0] + bend, MARGIN / 2], [end[0] - bend, MARGIN / 2]];
  return `M${at(start)}${curve(start, lane[0])}L${at(lane[1])}${curve(lane[1], end)}`;
}

function endpoint({ x, y, width, height }: DrawnNode, down: boolean, far: boolean): Point {
  if (down) return [far ? y + height : y, x + width / 2];
  return [far ? x + width : x, y + height / 2];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
