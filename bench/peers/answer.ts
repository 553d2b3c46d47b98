/** The Node end of the line to a peer (child.ts is ours): a JSON object a line in, one out. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { type CellName, gates } from "../networks.ts";
import type { Answer, Ask, Prepared } from "./child.ts";

/** A job and its data: batch first, Keras's layout and order of gates. */
export interface Work extends Prepared {
  readonly cell: CellName;
  readonly gates: number;
  readonly x: Float32Array;
  readonly upstream: Float32Array;
  /** kernel, recurrentKernel, bias */
  readonly weights: readonly [Float32Array, Float32Array, Float32Array];
}
/** `sums` are compared with ours. */
export interface Ready {
  readonly sums: readonly number[];
  readonly setting: string;
  readonly run: () => Promise<unknown>;
}
/** A job that a peer has nothing for. */
export class Cannot extends Error {}

/** A module of bench/peers/node_modules. */
export async function peerModule<M>(name: string): Promise<M> {
  const found = createRequire(join(process.cwd(), "bench/peers/package.json")).resolve(name);
  return (await import(pathToFileURL(found).href)) as M;
}

/** Answers until the end: `prepare` makes a job ready. */
export async function answer(version: string, prepare: (work: Work) => Promise<Ready>): Promise<void> {
  console.log = console.error; // what a peer has to say of itself is no answer
  const tell = (what: Answer): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
  tell({ version });
  let ready: Ready | null = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const ask = JSON.parse(line) as Ask;
    if (ask.ask === "end") return;
    try {
      if (ask.ask === "prepare") {
        ready = await prepare(workOf(ask));
        tell({ sums: ready.sums, setting: ready.setting });
      } else tell({ times: await timesOf(ready, ask.runs) });
    } catch (error) {
      tell(error instanceof Cannot ? { cannot: error.message } : { error: String(error) });
    }
  }
}

async function timesOf(ready: Ready | null, runs: number): Promise<readonly number[]> {
  if (ready === null) throw new Error("nothing has been prepared");
  await ready.run();
  const times: number[] = [];
  for (let k = 0; k < runs; k++) {
    const begun = performance.now();
    await ready.run();
    times.push(performance.now() - begun);
  }
  return times;
}

function workOf(prepared: Prepared): Work {
  const read = (name: string): Float32Array =>
    new Float32Array(Uint8Array.from(readFileSync(join(prepared.folder, `${name}.bin`))).buffer);
  const cell = prepared.cell as CellName;
  return {
    ...prepared,
    cell,
    gates: gates[cell],
    x: read("x"),
    upstream: read("upstream"),
    weights: [read("weight0"), read("weight1"), read("weight2")],
  };
}

/** `[batch, time, width]` to `[time, batch, width]`. */
export function timeFirst(values: Float32Array, batch: number, width: number): Float32Array {
  const steps = values.length / batch / width;
  const turned = new Float32Array(values.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const from = (b * steps + t) * width;
      turned.set(values.subarray(from, from + width), (t * batch + b) * width);
    }
  }
  return turned;
}

/** Of two arrays of the same order. */
export const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
