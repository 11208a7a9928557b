const EIGHTHS = ["", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** How {@linkcode blockPlot} draws. */
export interface BlockPlotOptions {
  /** The value that fills the height. @default the largest value, or 1 */
  top?: number;
  /** Lines. @default 4 */
  height?: number;
  /** Columns; where there are more values, neighbours share one, which shows the largest. @default 72 */
  width?: number;
  /** Renders the value of the top, for the axis. @default as a whole number */
  label?: (value: number) => string;
}

/** Draws values as columns of block characters, to an eighth of a line, with the top's value on an axis. */
export function blockPlot(values: readonly number[], options: BlockPlotOptions = {}): string[] {
  const { height = 4, width = 72, label = (value: number) => value.toFixed(0) } = options;
  const columns = squeeze(values, width);
  const { top = Math.max(0, ...columns) || 1 } = options;
  const [high, low] = [label(top), label(0)];
  const margin = Math.max(high.length, low.length);
  return Array.from({ length: height }, (_, line) => {
    const axis = line === 0 ? `${high} ┤` : line === height - 1 ? `${low} ┤` : "│";
    const below = height - 1 - line;
    const cells = columns.map((value) => cell(value / top * height - below));
    return axis.padStart(margin + 2) + cells.join("").trimEnd();
  });
}

/** One line of {@linkcode blockPlot}, without an axis. */
export function sparkline(values: readonly number[], options: { top?: number; width?: number } = {}): string {
  const { width = 40 } = options;
  const columns = squeeze(values, width);
  const { top = Math.max(0, ...columns) || 1 } = options;
  return columns.map((value) => cell(value / top)).join("");
}

/** At most `width` values, each the largest of those that it stands for. */
function squeeze(values: readonly number[], width: number): number[] {
  const count = Math.min(width, values.length);
  return Array.from({ length: count }, (_, column) => {
    const start = Math.floor(column * values.length / count);
    const end = Math.max(start + 1, Math.floor((column + 1) * values.length / count));
    return Math.max(...values.slice(start, end));
  });
}

/** The block for a share of a line. Something, however little, is seen. */
function cell(share: number): string {
  if (!(share > 0)) return " ";
  return EIGHTHS[Math.min(8, Math.max(1, Math.round(share * 8)))] ?? "█";
}
