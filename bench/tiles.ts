/**
 * How many accumulators does a device keep in registers? The innermost loop of a product, rows x vectors at a time,
 * on 128 by 128 weights: what the tiles of src/core/plan/lower/product.ts were chosen by.
 */
import { int, load, local, plus, splat, vector, Writer } from "../src/core/plan/lower/ir.ts";
import type { ProgramFunction } from "../src/core/plan/program.ts";
import { type BenchDevice, devices, loaded, modeOf } from "./devices.ts";
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
interface Measured {
  readonly device: BenchDevice["name"];
  readonly tiles: readonly { readonly name: string; readonly gflops: number; readonly share: number }[];
}

export async function tilesReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const device of devices) measured.push(await measure(device, manner));
  return {
    name: "tiles",
    title: "The innermost loop of a product, by tile",
    columns: ["rows x vectors", ...measured.flatMap(({ device }) => [`${device} GF/s`, "of peak"])],
    rows: tiles.map((tile, k) => [
      nameOf(tile),
      ...measured.flatMap((one) => {
        const { gflops = 0, share = 0 } = one.tiles[k] ?? {};
        return [short(gflops), percent(share)];
      }),
    ]),
    notes: [],
    data: measured,
  };
}

async function measure(device: BenchDevice, { patience, strict }: Manner): Promise<Measured> {
  const peak = peakAtHand(device, strict);
  const sides = tiles.map((tile) => sideOf(tile, device, strict));
  const [ofPeak, ...timings] = (await alternately([peak, ...sides], patience)) as [Timing, ...Timing[]];
  return {
    device: device.name,
    tiles: sides.map(({ name, operations }, k) => {
      const gflops = operations / (timings[k] as Timing).median / 1e6;
      return { name, gflops, share: gflops / peak.gflops(ofPeak) };
    }),
  };
}

type Shape = (typeof tiles)[number];
const nameOf = ([rows, vectors]: Shape): string => `${rows} x ${vectors}`;

function sideOf(shape: Shape, device: BenchDevice, strict: boolean): Tile {
  const [rows, vectors] = shape;
  const { lanes } = device.target;
  const product = productOf(rows, vectors, lanes);
  const run = loaded(device, { lanes, functions: [product] }, modeOf(device, strict))();
  const blocks = Math.floor(width / (lanes * vectors));
  return {
    name: nameOf(shape),
    run,
    operations: 2 * rows * vectors * lanes * depth * blocks * turns,
  };
}

function productOf(rows: number, vectors: number, lanes: number): ProgramFunction {
  const writer = new Writer();
  const names = Array.from({ length: rows * vectors }, () => writer.name("acc"));
  const blocks = Math.floor(width / (lanes * vectors));
  writer.loop(int(0), int(turns), 1, () => {
    writer.assign("panel", int(weightsAt), "int");
    writer.loop(int(0), int(blocks), 1, () => {
      for (const name of names) writer.assign(name, { kind: "constant", value: 0 }, "vector");
      writer.loop(int(0), int(4 * depth), 4, (k) => {
        const weights = Array.from({ length: vectors }, (_, v) =>
          writer.set(load(local("panel"), 4 * lanes * v), "vector"),
        );
        for (let r = 0; r < rows; r++) {
          const a = writer.set(splat(k, r * rowBytes), "vector");
          weights.forEach((weight, v) => {
            const name = names[r * vectors + v] as string;
            writer.assign(name, vector("multiplyAdd", a, weight, local(name, "vector")), "vector");
          });
        }
        writer.assign("panel", plus(local("panel"), int(4 * lanes * vectors)), "int");
      });
      names.forEach((name, k) =>
        writer.push({
          kind: "store",
          address: int(0),
          offset: 2 ** 18 + 4 * lanes * k,
          value: local(name, "vector"),
        }),
      );
    });
  });
  return writer.finish("run", [], true);
}
