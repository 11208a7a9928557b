/** One line or one layer of a chart. */
export interface Series {
  readonly name: string;
  /** One value a second. */
  readonly values: readonly number[];
}

/** A moment to mark, and how long what began there lasted. */
export interface Mark {
  readonly label: string;
  /** Seconds. */
  readonly at: number;
  /** Seconds. */
  readonly lasts: number;
}

/** What {@linkcode svgChart} draws. */
export interface ChartOptions {
  title: string;
  series: readonly Series[];
  /** `lines` beside each other, or `layers` upon each other. @default "lines" */
  kind?: "lines" | "layers";
  /** The value at the top. @default the largest, rounded up */
  top?: number;
  /** Renders a value for the axis. @default as a number */
  label?: (value: number) => string;
  /** @default none */
  marks?: readonly Mark[];
}

const WIDTH = 720;
const HEIGHT = 200;
const MARGIN = { left: 64, right: 12, top: 12, bottom: 28 };
/** How many lines of the grid there are. */
const STEPS = 4;
/** As many colours as the page's style sheet has. */
export const COLOURS = 6;

/** Draws values over seconds as an SVG element, whose colours are classes of the page: `line-0`, `layer-0` and so on. */
export function svgChart(options: ChartOptions): string {
  const { title, series, kind = "lines", marks = [], label = String } = options;
  const stacked = kind === "layers" ? stack(series) : series;
  const { top = niceTop(Math.max(0, ...stacked.flatMap(({ values }) => values))) } = options;
  const seconds = Math.max(1, ...series.map(({ values }) => values.length));
  const x = (second: number) => round(MARGIN.left + second / seconds * (WIDTH - MARGIN.left - MARGIN.right));
  const y = (value: number) =>
    round(HEIGHT - MARGIN.bottom - Math.min(1, value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const shapes = stacked.map(({ values }, index) => {
    const points = values.map((value, second) => `${x(second + 0.5)},${y(value)}`);
    const colour = index % COLOURS;
    if (kind === "lines") return `<polyline class="line line-${colour}" points="${points.join(" ")}"/>`;
    const floor = (stacked[index - 1]?.values ?? values.map(() => 0))
      .map((value, second) => `${x(second + 0.5)},${y(value)}`).toReversed();
    return `<polygon class="layer-${colour}" points="${[...points, ...floor].join(" ")}"/>`;
  });
  const body = [
    ...marks.map((mark) => drawMark(mark, x)),
    ...grid(top, label, y),
    ...timeAxis(seconds, x),
    ...shapes,
  ];
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${legend(series, kind)}` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${
      body.join("")
    }</svg></figure>`;
}

/** Text made safe between tags and in attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Each series upon the sum of those before it. */
function stack(series: readonly Series[]): Series[] {
  let below: readonly number[] = [];
  return series.map(({ name, values }) => {
    const under = below;
    below = values.map((value, second) => value + (under[second] ?? 0));
    return { name, values: below };
  });
}

/** The least of 1, 2, 5, 10, 20 … that is not below a value. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5].find((it) => it * magnitude >= value) ?? 10;
  return step * magnitude;
}

function grid(top: number, label: (value: number) => string, y: (value: number) => number): string[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const value = top * step / STEPS;
    return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value)}" y2="${
      y(value)
    }"/>` +
      `<text class="end" x="${MARGIN.left - 6}" y="${y(value) + 4}">${escapeHtml(label(value))}</text>`;
  });
}

function timeAxis(seconds: number, x: (second: number) => number): string[] {
  const step = Math.max(1, niceTop(seconds / 10));
  return Array.from(
    { length: Math.floor(seconds / step) + 1 },
    (_, index) =>
      `<text class="middle" x="${x(index * step)}" y="${HEIGHT - 8}">${round(index * step)} s</text>`,
  );
}

function drawMark({ label, at, lasts }: Mark, x: (second: number) => number): string {
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  const width = round(x(at + lasts) - x(at));
  return `<rect class="mark" x="${x(at)}" y="${MARGIN.top}" width="${width}" height="${height}"/>` +
    `<line class="mark-line" x1="${x(at)}" x2="${x(at)}" y1="${MARGIN.top}" y2="${MARGIN.top + height}"/>` +
    `<text x="${x(at) + 4}" y="${MARGIN.top + 11}">${escapeHtml(label)}</text>`;
}

function legend(series: readonly Series[], kind: "lines" | "layers"): string {
  const swatch = kind === "lines" ? "swatch-line" : "swatch-layer";
  return `<p class="legend">${
    series.map(({ name }, index) =>
      `<span><i class="${swatch} colour-${index % COLOURS}"></i>${escapeHtml(name)}</span>`
    ).join(" ")
  }</p>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
