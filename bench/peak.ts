/**
 * How many multiply-adds can one core do in this engine? A loop of nothing else, in as many independent chains as hide
 * the latency and leave V8 its registers.
 *
 *   fused       acc_k = a b + acc_k        relaxed SIMD: one instruction
 *   unfused     acc_k = acc_k a + b        strict: a multiplication, then an addition
 */

import { int, local, vector } from "../src/core/plan/lower/ir.ts";
import type { Expression, Program, Statement } from "../src/core/plan/program.ts";
import { relaxedSimdSupported } from "../src/core/render/wasm/features.ts";
import { renderWasm } from "../src/core/render/wasm/wasm.ts";
import { prepareEngine } from "../src/core/run/host.ts";
import { type Report, short } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

const chains = 12;
const unrolled = 4;
const turns = 2 ** 17;
const lanes = 4;
/** A multiply-add counts as two. */
const operations = 2 * lanes * chains * unrolled * turns;

/** Runs the loop once. */
export interface Peak extends Side {
  readonly gflops: (timing: Timing) => number;
}

export function peakOf(mode: "relaxed" | "strict"): Peak {
  prepareEngine();
  const bytes = renderWasm(chainsOf(mode === "relaxed"), { relaxed: mode === "relaxed", shared: false });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const run = exports["run"] as (turns: number) => void;
  return {
    name: mode,
    run: () => run(turns),
    gflops: ({ median }) => operations / median / 1e6,
  };
}

/** The peak of the mode that programs run in here. */
export const peakAtHand = (strict: boolean): Peak => peakOf(strict || !relaxed() ? "strict" : "relaxed");

function relaxed(): boolean {
  prepareEngine();
  return relaxedSimdSupported();
}

function chainsOf(fused: boolean): Program {
  const value = (name: string): Expression => local(name, "vector");
  const names = Array.from({ length: chains }, (_, k) => `acc${k}`);
  const set = (name: string, to: Expression): Statement => ({ kind: "set", name, type: "vector", value: to });
  const start = (at: number): Expression => ({ kind: "load", address: int(0), offset: at });
  const step = (name: string): Statement =>
    set(
      name,
      fused
        ? vector("multiplyAdd", value("a"), value("b"), value(name))
        : vector("multiplyAdd", value(name), value("a"), value("b")),
    );
  const turn = Array.from({ length: unrolled }, () => names.map(step)).flat();
  const body: readonly Statement[] = [
    set("a", start(0)),
    set("b", start(16)),
    ...names.map((name, k) => set(name, start(32 + 16 * k))),
    { kind: "for", name: "turn", from: int(0), until: local("turns"), step: 1, body: turn },
    ...names.map(
      (name, k): Statement => ({ kind: "store", address: int(0), offset: 32 + 16 * k, value: value(name) }),
    ),
  ];
  return { lanes, functions: [{ name: "run", parameters: ["turns"], body, exported: true }] };
}

export async function peakReport({ patience }: Manner): Promise<Report> {
  const peaks = relaxed() ? [peakOf("relaxed"), peakOf("strict")] : [peakOf("strict")];
  const timings = await alternately(peaks, patience);
  const rows = peaks.map(({ name, gflops }, k) => {
    const timing = timings[k] as Timing;
    const at = (milliseconds: number): string => short(gflops({ ...timing, median: milliseconds }));
    return [name, at(timing.median), `${at(timing.most)}..${at(timing.least)}`];
  });
  return {
    name: "peak",
    title: "Peak of one core: 128-bit multiply-adds, nothing else",
    columns: ["mode", "GF/s", "slowest..fastest run"],
    rows,
    notes: ["strict rounds twice (a multiplication, then an addition); relaxed is one fused instruction."],
    data: peaks.map(({ name, gflops }, k) => ({
      mode: name,
      gflops: gflops(timings[k] as Timing),
      ...timings[k],
    })),
  };
}
