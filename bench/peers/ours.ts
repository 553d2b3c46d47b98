/** Our side of a job on each device, and its numbers in files for the peers. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setDevice } from "../../src/nn/device.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import { tensor } from "../../src/nn/model/tensor.ts";
import { sequential } from "../../src/nn/models.ts";
import type { BenchDevice } from "../devices.ts";
import { type Network, networkOf, noise } from "../networks.ts";
import { forwardSide, trainingSide } from "../sides.ts";
import type { Side } from "../timing.ts";
import { dot } from "./answer.ts";
import type { Prepared } from "./child.ts";
import { type Job, pushes } from "./jobs.ts";

/** Of the steps whose losses are compared: large enough to be seen in them. */
const comparedRate = 0.01;
const comparedSteps = 3;
/** Of the stream whose steps are compared. */
const streamed = 10;

/** A job's numbers, the same for all sides. */
export interface Material {
  readonly network: Network;
  readonly x: Float32Array;
  readonly upstream: Float32Array;
}
export function materialOf({ size, what, last }: Job): Material {
  const network = networkOf(size, { last });
  const [x, upstream] = network.trainingBatch.inputs as readonly Float32Array[];
  return {
    network,
    x: what === "step" ? noise("x", streamed * size.features, 1) : (x as Float32Array),
    upstream: upstream as Float32Array,
  };
}

export async function written(
  { size, what, last, flush }: Job,
  material: Material,
  folder: string,
): Promise<Prepared> {
  await mkdir(folder, { recursive: true });
  const { x, upstream, network } = material;
  const files = { x, upstream, ...Object.fromEntries(network.weights.map((w, k) => [`weight${k}`, w])) };
  for (const [name, values] of Object.entries(files))
    await writeFile(join(folder, `${name}.bin`), new Uint8Array(values.buffer));
  return { ...size, what, last, flush, rate: comparedRate, folder };
}

export interface OurSide extends Side {
  /** What is compared with the peers: losses, or outputs summed with the numbers of `upstream`. */
  readonly sums: readonly number[];
  readonly release: () => void;
}

export async function oursOf(
  job: Job,
  material: Material,
  device: BenchDevice,
  strict: boolean,
): Promise<OurSide> {
  const { network, upstream } = material;
  const { threads, what } = job;
  if (what === "step") return stream(job, material, device, strict);
  const engine = device.make({ threads, strict });
  if (what === "forward") {
    const side = forwardSide(engine, network);
    const [outputs] = side.run();
    return { ...side, sums: [dot(outputs as Float32Array, upstream)], release: () => undefined };
  }
  const side = trainingSide(engine, network);
  const sums: number[] = [];
  for (let k = 0; k < comparedSteps; k++) sums.push(await side.lossAt(comparedRate));
  return { ...side, sums };
}

async function stream(
  { size: { features, units }, threads }: Job,
  { network, x, upstream }: Material,
  { name }: BenchDevice,
  strict: boolean,
): Promise<OurSide> {
  setDevice(name, { threads, strict });
  const model = sequential(input({ shape: [null, features] }), lstm({ units }));
  const shapes = [[features, 4 * units], [units, 4 * units], [4 * units]];
  model.setWeights(network.weights.map((weight, k) => tensor(weight, shapes[k] ?? [])));
  const session = model.session();
  const xs = Array.from({ length: streamed }, (_, t) => x.slice(t * features, (t + 1) * features));
  const sums = xs.map((step) => dot(session.push(step), upstream));
  const run = (): void => {
    for (let t = 0; t < pushes; t++) session.push(xs[t % streamed] as Float32Array);
  };
  return { name, run, sums, release: () => undefined };
}

/**
 * Whether two sides have computed the same. A sum has a million terms of both signs, in another order on each side:
 * what it may be off by goes with the size of the terms, not of the sum.
 */
export function alike(ours: readonly number[], theirs: readonly number[], { upstream }: Material): boolean {
  const terms = Math.sqrt(dot(upstream, upstream));
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * terms + 1e-4 * Math.abs(a);
  return ours.length === theirs.length && ours.every((sum, k) => close(sum, theirs[k] ?? Number.NaN));
}
