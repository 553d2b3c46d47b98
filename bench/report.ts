/** What a benchmark prints: a table of text, and the same as data. */
import type { Timing } from "./timing.ts";

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  /** How many of the columns, from the first, are text and not numbers. Default: 1. */
  readonly texts?: number;
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
  /** For --json. */
  readonly data: unknown;
}

export function printed({ title, columns, rows, notes, texts = 1 }: Report): string {
  const widths = columns.map((_, k) =>
    Math.max(3, ...[columns, ...rows].map((row) => (row[k] ?? "").length)),
  );
  const line = (row: readonly string[]): string => {
    const cells = widths.map((width, k) => (row[k] ?? "")[k < texts ? "padEnd" : "padStart"](width));
    return `| ${cells.join(" | ")} |`;
  };
  const rule = line(widths.map((width, k) => (k < texts ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)));
  return [
    `## ${title}`,
    "",
    line(columns),
    rule,
    ...rows.map(line),
    ...notes.flatMap((note) => ["", note]),
  ].join("\n");
}

/** `37.4 (36.7..58.6)` */
export const spread = ({ median, least, most }: Timing): string =>
  `${short(median)} (${short(least)}..${short(most)})`;

/** Three digits that count. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;
export const times = (ratio: number): string => `${ratio.toFixed(2)} x`;
