/**
 * Effective memory length: how many steps back a change of the state can be felt.
 *
 *   J_k = d s_T / d s_{T-k}       all states of the layer side by side, T the last step
 *   length = the least k from which on ||J_k|| < 1/e      ||.||: the largest singular value
 *
 * ||J_k|| is what the direction that is remembered best has become, so one unit that holds on is enough for a memory.
 * Bengio, Simard, Frasconi 1994 look at the same product for what vanishes.
 */
import { sin } from "../../core/run/math.ts";
import { UnrollError } from "../../errors.ts";
import { type Check, checkOptions } from "../options.ts";
import { formOf, type Run } from "./run.ts";
import { jacobianOf, lengthsIn, plainView, stepsIn } from "./sensitivity.ts";
import { placeOf, type Shown } from "./view.ts";

export interface MemoryLengthOptions {
  /** Default: the recurrent layer of the model, where there is one alone. */
  readonly layer?: string;
}
export interface MemoryLength {
  /** Steps; Infinity where all steps of the row are felt at its end. */
  readonly length: number;
  /** ||J_k|| for k = 0, 1, ... up to the first step of the row. */
  readonly norms: readonly number[];
}

/** A name as `layers` of the inspection has it: "gru_1#2" is the second call of a shared layer. */
const layerCheck: Check = { expected: "the name of a layer", holds: (x) => typeof x === "string" };

/** For each row of a run. */
export async function memoryLengthOf(
  run: Run,
  options: MemoryLengthOptions,
): Promise<readonly MemoryLength[]> {
  checkOptions("inspection.memoryLength", options, { layer: layerCheck });
  const states = statesOf(plainView(run).shown, options.layer);
  const [first] = states as readonly [Shown, ...Shown[]];
  const last = lengthsIn(run, first.node).map((length) => length - 1);
  const asked = last.map((end) => Math.max(end, 0)); // nobody reads what a row without steps has there
  const steps = stepsIn(run, first.node);
  const sizes = states.map(({ node }) => formOf(node).inner.reduce((size, dim) => size * dim, 1));
  const blocks: Float32Array[][] = [];
  for (const to of states) {
    const row: Float32Array[] = [];
    for (const from of states) {
      const sides = { from: placeOf("states", from.node), to: placeOf("states", to.node) };
      row.push(await jacobianOf(run, sides, asked));
    }
    blocks.push(row);
  }
  return last.map((end, row): MemoryLength => {
    const norms = Array.from({ length: end + 1 }, (_, k) =>
      largestSingular(joinedAt(blocks, sizes, row * steps + end - k)),
    );
    const lastFelt = norms.findLastIndex((norm) => !(norm < 1 / Math.E));
    return { length: lastFelt === norms.length - 1 ? Infinity : lastFelt + 1, norms };
  });
}

function statesOf(shown: readonly Shown[], layer: string | undefined): readonly Shown[] {
  const all = shown.filter(({ group, node }) => group === "states" && formOf(node).time !== null);
  const layers = [...new Set(all.map((one) => one.layer))];
  const chosen = layer ?? (layers.length === 1 ? layers[0] : undefined);
  if (chosen !== undefined && layers.includes(chosen)) return all.filter((one) => one.layer === chosen);
  throw new UnrollError({
    where: "inspection.memoryLength({ layer })",
    expected: layers.length > 0 ? `one of ${layers.join(", ")}` : "a recurrent layer",
    got: layer === undefined ? (layers.length > 0 ? "none named" : "a model without any") : `"${layer}"`,
    fix: "Name the recurrent layer to look at.",
  });
}

/** A matrix, row by row. */
type Matrix = readonly Float64Array[];

/** The blocks of one step of one row as one matrix. */
function joinedAt(
  blocks: readonly (readonly Float32Array[])[],
  sizes: readonly number[],
  at: number,
): Matrix {
  return sizes.flatMap((height, i) =>
    Array.from({ length: height }, (_, r) =>
      Float64Array.from(
        sizes.flatMap((width, j) => {
          const start = (at * height + r) * width;
          return [...(blocks[i]?.[j]?.subarray(start, start + width) ?? [])];
        }),
      ),
    ),
  );
}

const rounds = 100;

/** By power iteration on J' J, which has real eigenvalues and grows along the direction that is remembered best. */
function largestSingular(matrix: Matrix): number {
  const width = matrix[0]?.length ?? 0;
  // No direction is left out: irrational steps make one that is orthogonal to nothing in practice.
  let direction = normalized(Float64Array.from({ length: width }, (_, k) => 1 + sin(1 + k * Math.SQRT2) / 2));
  let norm = 0;
  for (let round = 0; round < rounds; round++) {
    const image = matrix.map((row) => row.reduce((sum, x, k) => sum + x * (direction[k] ?? 0), 0));
    const next = Math.hypot(...image);
    if (next === 0) return 0;
    const back = new Float64Array(width);
    matrix.forEach((row, i) => {
      for (let k = 0; k < width; k++) back[k] = (back[k] ?? 0) + (row[k] ?? 0) * (image[i] ?? 0);
    });
    direction = normalized(back);
    if (Math.abs(next - norm) < 1e-9 * next) return next;
    norm = next;
  }
  return norm;
}

function normalized(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((x) => x / length);
}
