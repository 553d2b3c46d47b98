/** `unroll calibrate`: measures tiles and lengths of chunks on this machine, and remembers the fastest. */
import type { Command } from "commander";
import type { Calibration } from "../../core/run/calibration.ts";
import { calibrate } from "../../nn/calibrate.ts";
import { type DeviceFlags, useDevice, withDevice, withJson } from "./device.ts";

export function addCalibrate(program: Command): void {
  const command = program
    .command("calibrate")
    .description("measure how this machine computes fastest, and remember it; no result depends on it");
  withJson(withDevice(command)).action(run);
}

async function run({ json, ...flags }: DeviceFlags & { readonly json?: boolean }): Promise<void> {
  useDevice(flags);
  const found = await calibrate();
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : described(found));
}

export function described({ device, mode, measured, chosen, gain, forgotten }: Calibration): string {
  const rows = measured.map(({ tiles, chunk, milliseconds, ratio }) => [
    tiles,
    chunk,
    milliseconds.toFixed(2),
    ratio.toFixed(2),
    tiles === chosen.tiles && chunk === chosen.chunk ? "chosen" : "",
  ]);
  const titles = ["tiles", "a chunk at most", "ms a step", "ratio", ""];
  const widths = titles.map((_, k) => Math.max(...[titles, ...rows].map((row) => (row[k] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, k) => (k === 2 || k === 3 ? cell.padStart(widths[k] ?? 0) : cell.padEnd(widths[k] ?? 0)))
      .join("  ")
      .trimEnd();
  const end =
    gain === 1
      ? "What is there without a calibration stays."
      : `${gain.toFixed(2)} times as fast as without.`;
  const kept = forgotten === null ? "Remembered." : `Not remembered: ${forgotten}.`;
  return [`${device}, ${mode}`, "", line(titles), ...rows.map(line), "", `${end} ${kept}`, ""].join("\n");
}
