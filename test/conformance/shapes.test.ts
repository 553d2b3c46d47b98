/**
 * Recurrent networks of many shapes on every device against the reference: the loss, outputs, final states and all
 * gradients. Sizes are drawn among those at which a kernel could go wrong: one, around a vector, around a tile.
 */
import { describe, expect, test } from "vitest";
import { uniform } from "../../src/core/run/random.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { bitsOf, compare, given } from "./cases.ts";
import { allCellNames, type Extents, type Network, toleranceFor, trainingCase } from "./cells.ts";
import { devices } from "./devices.ts";

const parts = 4;
const seed = 20_260_101;
const sizes = [1, 2, 3, 4, 5, 8, 15, 16, 17, 63, 64, 65] as const;
const axes = ["features", "units", "classes", "rows", "steps"] as const;
/** Multiply-adds of the reference interpreter that a shape may take, there and back. */
const most = 100_000;

interface Drawn {
  readonly network: Network;
  readonly extents: Extents;
  readonly threads: number;
  readonly number: number;
}

/** One size of one axis is the number's own, so that every axis has every size; all else is drawn. */
function drawn(number: number): Drawn {
  const own = axes[number % axes.length];
  const size = sizes[Math.floor(number / axes.length) % sizes.length] as number;
  for (let attempt = 0; ; attempt++) {
    let index = 0;
    const draw = (): number => uniform([seed + number, attempt], index++);
    const of = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
    const length = (axis: (typeof axes)[number]): number => {
      const other = of(draw() < 0.6 ? sizes.slice(0, 6) : sizes.slice(6));
      return axis === own ? size : other;
    };
    const widths = { features: length("features"), units: length("units"), classes: length("classes") };
    const network = { ...widths, cell: of(allCellNames), given: draw() < 0.5, reverse: draw() < 0.25 };
    const extents = { rows: length("rows"), steps: length("steps"), ragged: draw() < 0.6 };
    if (cost(network, extents) <= most) return { network, extents, threads: of([1, 2, 3, 4]), number };
  }
}

function cost({ cell, features, units, classes }: Network, { rows, steps }: Extents): number {
  const gates = cell === "simple" ? 1 : cell.startsWith("gru") ? 3 : 4;
  return rows * steps * (3 * gates * units * (features + units) + 3 * units * classes);
}

const reference = referenceDevice();

/** No shape is drawn for two devices; the modes of wasm are two. */
const drawnFor = devices.map((tested, place) => ({
  ...tested,
  first: devices.slice(0, place).reduce((sum, { shapes }) => sum + shapes, 0),
}));

describe.each(drawnFor)("$name", ({ device, shapes, first }) => {
  test.each(Array.from({ length: parts }, (_, part) => part))(
    "agrees with the reference, and has the same bits when it is held, part %i",
    async (part) => {
      for (let k = 0; k < shapes / parts; k++) {
        const { network, extents, threads, number } = drawn(first + k * parts + part);
        const one = trainingCase(network, extents, 1 + number);
        const { batch, weights } = given(one);
        const wanted = reference.compile(one.computation).runNow(batch, weights);
        const executable = device({ threads }).compile(one.computation);
        const got = executable.runNow(batch, weights);
        const { output } = await executable.hold(batch, weights);
        const check = (): void => compare(got, wanted, toleranceFor(network, extents));
        const drew = `${threads} threads: ${JSON.stringify({ network, extents })}`;
        expect(check, drew).not.toThrow();
        const held = one.computation.outputs.map((_, index) => output(index));
        expect(bitsOf(held), drew).toBe(bitsOf(got.slice(0, held.length)));
      }
    },
  );
});

test("the shapes include every size, as features, units, classes, rows and steps", () => {
  const all = drawnFor.flatMap(({ first, shapes }) =>
    Array.from({ length: shapes }, (_, number) => drawn(first + number)),
  );
  expect(all.length).toBeGreaterThanOrEqual(devices.length * axes.length * sizes.length);
  for (const axis of axes) {
    const seen = new Set(all.map(({ network, extents }) => ({ ...network, ...extents })[axis]));
    expect(
      [...seen].sort((a, b) => a - b),
      axis,
    ).toEqual([...sizes]);
  }
});

test("the tolerance notices a state that is 0.1 % off", () => {
  const { network, extents, number } = drawn(1);
  const one = trainingCase(network, extents, 1 + number);
  const { batch, weights } = given(one);
  const wanted = reference.compile(one.computation).runNow(batch, weights);
  const off = wanted.map((array, k) => (k === 2 ? array.map((x) => x * 1.001) : array));
  expect(() => compare(off, wanted, toleranceFor(network, extents))).toThrow(/result 2/);
});
