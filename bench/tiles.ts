/**
 * How many accumulators does this engine keep in registers? The innermost loop of a product, rows x vectors at a time,
 * on 128 by 128 weights: what the tiles of src/core/plan/lower/product.ts were chosen by.
 */
import { int, load, local, plus, splat, vector, Writer } from "../src/core/plan/lower/ir.ts";
import type { ProgramFunction } from "../src/core/plan/program.ts";
import { renderWasm } from "../src/core/render/wasm/wasm.ts";
import { peakAtHand } from "./peak.ts";
import { percent, type Report, short } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

/** Rows by vectors side by side. */
const tiles = [
  [6, 1],
  [8, 1],
  [10, 1],
  [4, 2],
  [5, 2],
  [6, 2],
  [3, 3],
  [4, 3],
  [2, 4],
  [3, 4],
  [4, 4],
] as const;
const depth = 128;
const width = 128;
const rowBytes = 4 * depth + 64; // a line apart, as in store.ts
const weightsAt = 2 ** 15;
const turns = 40;

interface Tile extends Side {
  readonly operations: number;
}

export async function tilesReport({ patience, strict }: Manner): Promise<Report> {
  const peak = peakAtHand(strict);
  const sides = tiles.map(([rows, vectors]) => tileOf(rows, vectors, peak.name === "relaxed"));
  const [ofPeak, ...timings] = (await alternately([peak, ...sides], patience)) as [Timing, ...Timing[]];
  const measured = sides.map(({ name, operations }, k) => ({
    name,
    gflops: operations / (timings[k] as Timing).median / 1e6,
  }));
  return {
    name: "tiles",
    title: "The innermost loop of a product, by tile",
    columns: ["rows x vectors", "GF/s", "of peak"],
    rows: measured.map(({ name, gflops }) => [name, short(gflops), percent(gflops / peak.gflops(ofPeak))]),
    notes: [],
    data: measured,
  };
}

function tileOf(rows: number, vectors: number, relaxed: boolean): Tile {
  const bytes = renderWasm({ lanes: 4, functions: [productOf(rows, vectors)] }, { relaxed, shared: false });
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const run = exports["run"] as () => void;
  const blocks = Math.floor(width / (4 * vectors));
  return {
    name: `${rows} x ${vectors}`,
    run: () => run(),
    operations: 2 * rows * vectors * 4 * depth * blocks * turns,
  };
}

function productOf(rows: number, vectors: number): ProgramFunction {
  const writer = new Writer();
  const names = Array.from({ length: rows * vectors }, () => writer.name("acc"));
  const blocks = Math.floor(width / (4 * vectors));
  writer.loop(int(0), int(turns), 1, () => {
    writer.assign("panel", int(weightsAt), "int");
    writer.loop(int(0), int(blocks), 1, () => {
      for (const name of names) writer.assign(name, { kind: "constant", value: 0 }, "vector");
      writer.loop(int(0), int(4 * depth), 4, (k) => {
        const weights = Array.from({ length: vectors }, (_, v) =>
          writer.set(load(local("panel"), 16 * v), "vector"),
        );
        for (let r = 0; r < rows; r++) {
          const a = writer.set(splat(k, r * rowBytes), "vector");
          weights.forEach((weight, v) => {
            const name = names[r * vectors + v] as string;
            writer.assign(name, vector("multiplyAdd", a, weight, local(name, "vector")), "vector");
          });
        }
        writer.assign("panel", plus(local("panel"), int(16 * vectors)), "int");
      });
      names.forEach((name, k) =>
        writer.push({
          kind: "store",
          address: int(0),
          offset: 2 ** 18 + 16 * k,
          value: local(name, "vector"),
        }),
      );
    });
  });
  return writer.finish("run", [], true);
}
