import { escapeMarkup } from "./markup.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
}

const WIDTH = 640;
const ROW = 26;
const LABEL = 180;
const HEAD = 40;

/**
 * A bar chart as an SVG image of its own: it scales, prints, has a text for those who cannot see it, and its colours
 * follow a light or a dark page.
 */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const height = HEAD + Math.max(1, bars.length) * ROW + 10;
  const rows = bars.map((bar, index) => barRow(bar, HEAD + index * ROW, most));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${
    escapeMarkup(`${title}: ${bars.map(({ label, value }) => `${label} ${value}`).join(", ")}`)
  }">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .title { font-size: 16px; font-weight: 600 }
  rect { fill: #2f6fde }
  @media (prefers-color-scheme: dark) { text { fill: #e4e7eb } rect { fill: #7aa7f7 } }
</style>
<text class="title" x="8" y="24">${escapeMarkup(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function barRow({ label, value }: Bar, y: number, most: number): string {
  const width = Math.max(1, Math.round((WIDTH - LABEL - 80) * value / most));
  const shown = label.length > 24 ? `${label.slice(0, 23)}…` : label;
  const middle = y + ROW / 2 + 4;
  return `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${escapeMarkup(shown)}</text>` +
    `<rect x="${LABEL}" y="${y + 4}" width="${width}" height="${ROW - 8}" rx="3"/>` +
    `<text x="${LABEL + width + 6}" y="${middle}">${value}</text>`;
}
