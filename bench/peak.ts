/**
 * How many multiply-adds can one core do with the vectors of a device? A loop of nothing else, in as many independent
 * chains as hide the latency and leave an engine its registers.
 *
 *   relaxed     acc_k = a b + acc_k        one fused instruction
 *   strict      acc_k = acc_k a + b        a multiplication, then an addition
 */

import { int, local, vector } from "../src/core/plan/lower/ir.ts";
import type { Expression, Program, Statement } from "../src/core/plan/program.ts";
import { type BenchDevice, devices, loaded, type Mode, modeOf } from "./devices.ts";
import { type Report, short } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

const chains = 12;
const unrolled = 4;
const turns = 2 ** 17;

/** Runs the loop once. */
export interface Peak extends Side {
  readonly gflops: (timing: Timing) => number;
}

export function peakOf(device: BenchDevice, mode: Mode): Peak {
  const { lanes } = device.target;
  const run = loaded(device, chainsOf(lanes, mode === "relaxed"), mode)(turns);
  /** A multiply-add counts as two. */
  const operations = 2 * lanes * chains * unrolled * turns;
  return {
    name: mode,
    run,
    gflops: ({ median }) => operations / median / 1e6,
  };
}

/** The peak of the mode that programs run in on this device. */
export const peakAtHand = (device: BenchDevice, strict: boolean): Peak =>
  peakOf(device, modeOf(device, strict));

function chainsOf(lanes: number, fused: boolean): Program {
  const bytes = 4 * lanes;
  const value = (name: string): Expression => local(name, "vector");
  const names = Array.from({ length: chains }, (_, k) => `acc${k}`);
  const set = (name: string, to: Expression): Statement => ({ kind: "set", name, type: "vector", value: to });
  const start = (place: number): Expression => ({ kind: "load", address: int(0), offset: place * bytes });
  const step = (name: string): Statement =>
    set(
      name,
      fused
        ? vector("multiplyAdd", value("a"), value("b"), value(name))
        : vector("multiplyAdd", value(name), value("a"), value("b")),
    );
  const end = (name: string, k: number): Statement => ({
    kind: "store",
    address: int(0),
    offset: (2 + k) * bytes,
    value: value(name),
  });
  const body: readonly Statement[] = [
    set("a", start(0)),
    set("b", start(1)),
    ...names.map((name, k) => set(name, start(2 + k))),
    {
      kind: "for",
      name: "turn",
      from: int(0),
      until: local("turns"),
      step: 1,
      body: Array.from({ length: unrolled }, () => names.map(step)).flat(),
    },
    ...names.map(end),
  ];
  return { lanes, functions: [{ name: "run", parameters: ["turns"], body, exported: true }] };
}

export async function peakReport({ patience }: Manner): Promise<Report> {
  const peaks = devices.flatMap((device) =>
    device.modes().map((mode) => ({ device, ...peakOf(device, mode) })),
  );
  const timings = await alternately(peaks, patience);
  const measured = peaks.map(({ device, name, gflops }, k) => {
    const timing = timings[k] as Timing;
    const at = (milliseconds: number): number => gflops({ ...timing, median: milliseconds });
    const bits = 32 * device.target.lanes;
    const speeds = { gflops: at(timing.median), slowest: at(timing.most), fastest: at(timing.least) };
    return { device: device.name, bits, mode: name, ...speeds };
  });
  return {
    name: "peak",
    title: "Peak of one core: multiply-adds, nothing else",
    columns: ["device", "mode", "bits of a vector", "GF/s", "slowest..fastest run"],
    texts: 2,
    rows: measured.map(({ device, bits, mode, gflops, slowest, fastest }) => [
      device,
      mode,
      `${bits}`,
      short(gflops),
      `${short(slowest)}..${short(fastest)}`,
    ]),
    notes: ["strict rounds twice (a multiplication, then an addition); relaxed is one fused instruction."],
    data: measured,
  };
}
