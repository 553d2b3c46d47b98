/** What a benchmark prints: a table of text, and the same as data. */
import type { Timing } from "./timing.ts";

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
  /** For --json. */
  readonly data: unknown;
}

export function printed({ title, columns, rows, notes }: Report): string {
  const all = [columns, columns.map(() => ""), ...rows];
  const widths = columns.map((_, k) => Math.max(...all.map((row) => (row[k] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, k) => (k === 0 ? (row[k] ?? "").padEnd(width) : (row[k] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `| ${widths.map((width, k) => (k === 0 ? "-".repeat(width) : `${"-".repeat(Math.max(1, width - 1))}:`)).join(" | ")} |`;
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
