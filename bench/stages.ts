/**
 * Where does a training step spend its time? A sampling profile of many steps on one thread, by the stages of the plan,
 * each beside the peak: what is missing there is the distance that docs/performance.md explains.
 */
import { type Profiler, Session } from "node:inspector/promises";
import type { Node } from "../src/core/graph/nodes.ts";
import { widthOf } from "../src/core/graph/shapes.ts";
import type { Plan } from "../src/core/plan/described.ts";
import type { Stage } from "../src/core/plan/fuse.ts";
import { plan } from "../src/core/plan/plan.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { peakAtHand } from "./peak.ts";
import { percent, type Report, short } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const sizes: readonly Size[] = [
  sizeOf("LSTM", [32, 32, 32, 100]),
  sizeOf("LSTM", [64, 128, 32, 100]),
  sizeOf("LSTM", [512, 512, 64, 50]),
  sizeOf("GRU", [64, 128, 32, 100]),
  sizeOf("RNN", [32, 32, 128, 500]),
];
/** The profiler of V8 sees what V8 has compiled. */
const device = devices.find(({ name }) => name === "wasm") as BenchDevice;
/** Microseconds between samples. */
const interval = 200;
/** The part of a profile that is left out: the profiler itself begins there. */
const beginning = 0.2;
/** Parts of a step below this are added up as the rest. */
const smallest = 0.01;

interface Line {
  readonly what: string;
  readonly share: number;
  readonly milliseconds: number;
  /** Of the products; null where there are none. */
  readonly gflops: number | null;
}

export async function stagesReport(manner: Manner): Promise<Report> {
  const all: { readonly size: Size; readonly peak: number; readonly lines: readonly Line[] }[] = [];
  for (const one of sizes) all.push({ size: one, ...(await linesOf(one, manner)) });
  return {
    name: "stages",
    title: `Where a training step spends its time, ${device.name}, one thread`,
    columns: ["cell; input, units, batch, steps", "stage", "ms", "of the step", "GF/s", "of peak"],
    texts: 2,
    rows: all.flatMap(({ size: one, peak, lines }) =>
      lines.map(({ what, share, milliseconds, gflops }, k) => [
        k === 0 ? sizeText(one) : "",
        what,
        short(milliseconds),
        percent(share),
        gflops === null ? "" : short(gflops),
        gflops === null ? "" : percent(gflops / peak),
      ]),
    ),
    notes: [
      `A sample every ${interval} microseconds. GF/s of a stage's products, its elementwise part counted as time only.`,
    ],
    data: all,
  };
}

async function linesOf(
  one: Size,
  { patience, strict }: Manner,
): Promise<{ peak: number; lines: readonly Line[] }> {
  const network = networkOf(one);
  const side = trainingSide(device.make({ threads: 1, strict }), network);
  const peak = peakAtHand(device, strict);
  const [ofPeak, ofStep] = (await alternately([peak, side], patience)) as [Timing, Timing];
  const profile = await profiled(async () => {
    const until = performance.now() + patience.milliseconds;
    do await side.run();
    while (performance.now() < until);
  });
  side.release();
  const stages = stagesOf(plan(network.training, device.target));
  const lines = sharesOf(profile, stages).map(({ what, share, operations }): Line => {
    const milliseconds = share * ofStep.median;
    const needed = operations * one.batch * one.steps;
    return { what, share, milliseconds, gflops: needed === 0 ? null : needed / milliseconds / 1e6 };
  });
  return { peak: peak.gflops(ofPeak), lines };
}

async function profiled(work: () => Promise<void>): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval });
  await session.post("Profiler.start");
  await work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return profile;
}

interface Described {
  readonly what: string;
  /** Of its products, for one row and step; a multiply-add counts as two. */
  readonly operations: number;
}

/** What each function of a plan's program is, by its number. */
function stagesOf({ program, staged }: Plan): ReadonlyMap<number, Described> {
  const stages = staged.flatMap(({ section, phases }) =>
    (["before", "step", "after"] as const).flatMap((phase) => {
      const loop = section.kind === "once" ? "once" : section.reverse ? "backward" : "forward";
      return phases[phase].map((stage) =>
        described(stage, `${loop}, ${phase === "step" ? "step" : "chunk"}`),
      );
    }),
  );
  const found = new Map<number, Described>();
  program.functions.forEach(({ name }, number) => {
    if (!/^(map|product|accumulate|copy)_/.test(name)) return;
    const stage = stages[found.size];
    if (stage !== undefined) found.set(number, stage);
  });
  return found;
}

function described({ kind, members }: Stage, where: string): Described {
  const products = members.filter(({ op }) => op === "affine" || op === "contract");
  const widths = [...new Set(products.map((node) => widthsOf(node).join(" x ")))];
  const others = members.length - products.length;
  const parts = [
    ...(products.length > 0 ? [`${counted(products.length, "product")} ${widths.join(", ")}`] : []),
    ...(others > 0 ? [`${others} elementwise or sums`] : []),
  ];
  const operations = products.reduce((sum, node) => sum + 2 * widthsOf(node).reduce((a, b) => a * b), 0);
  return { what: `${where}: ${parts.join(", ") || kind}`, operations };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The two widths of a product. */
function widthsOf(node: Node): readonly [number, number] {
  return [widthOf(node.inputs[node.op === "affine" ? 1 : 0] as Node), widthOf(node)];
}

interface Share extends Described {
  readonly share: number;
}

function sharesOf(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  stages: ReadonlyMap<number, Described>,
): readonly Share[] {
  const functions = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent = new Map<Described, number>();
  const rest: Described = { what: "sums over shards, update, packing, small stages", operations: 0 };
  const host: Described = { what: "host: arrays in and out, calls", operations: 0 };
  const whole = timeDeltas.reduce((sum, time) => sum + time, 0);
  let [passed, total] = [0, 0];
  samples.forEach((id, k) => {
    passed += timeDeltas[k] ?? 0;
    if (passed < beginning * whole) return;
    const { functionName = "", url = "" } = functions.get(id) ?? {};
    if (functionName === "(idle)" || functionName === "(program)") return;
    const number = /^wasm-function\[(\d+)\]$/.exec(functionName)?.[1];
    const what =
      number === undefined && !url.startsWith("wasm") ? host : (stages.get(Number(number)) ?? rest);
    const time = timeDeltas[k] ?? 0;
    spent.set(what, (spent.get(what) ?? 0) + time);
    total += time;
  });
  const all = [...spent].map(([what, time]): Share => ({ ...what, share: time / total }));
  const small = all.filter(({ share, what }) => share < smallest && what !== rest.what);
  const large = all.filter((line) => !small.includes(line) && line.what !== rest.what);
  const added = [...small, ...all.filter(({ what }) => what === rest.what)].reduce(
    (sum, { share }) => sum + share,
    0,
  );
  return [...large.sort((a, b) => b.share - a.share), { ...rest, share: added }];
}
