/**
 * The spectral radius of a matrix, the largest magnitude of its eigenvalues, by Gelfand's formula:
 *
 *   rho(A) = lim ||A^k||^(1/k)       k = 1, 2, 4, 8, ...: A is squared again and again, and scaled so that it fits
 *
 * The error falls like log(k) / k, so 40 squarings leave none that float64 could show; nothing depends on whether the
 * eigenvalues are complex, equal or missing, as it would for power iteration on vectors. One squaring is n^3
 * multiply-adds; no library of linear algebra is needed for it.
 *
 * Gelfand 1941.
 */
import { exp, log } from "../../core/run/math.ts";
import { UnrollError } from "../../errors.ts";
import { isBidirectional } from "../layers/bidirectional.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import { type NetworkLayer, networkOf, type Variable } from "../model/network.ts";
import { flattened, isTensor, type Nested, type Tensor } from "../model/tensor.ts";
import { type Check, checkOptions, oneOf } from "../options.ts";

interface AnyModel {
  readonly inputs: unknown;
  readonly outputs: unknown;
}

/** Of a square matrix `[n, n]`. */
export function spectralRadius(matrix: Tensor | readonly (readonly number[])[]): number;
/**
 * Of every recurrent kernel of a model, or of one layer, by the name of the weight. A kernel `[units, gates * units]`
 * has a number for each gate, in their order (LSTM: i, f, g, o; GRU: z, r, n). Kernels whose gates are no square
 * matrices have none.
 */
export function spectralRadius(
  model: AnyModel,
  options?: { readonly layer?: string },
): Readonly<Record<string, readonly number[]>>;
export function spectralRadius(
  of: AnyModel | Tensor | readonly (readonly number[])[],
  options: { readonly layer?: string } = {},
): number | Readonly<Record<string, readonly number[]>> {
  const ofModel = !isTensor(of) && !Array.isArray(of);
  const { layers } = ofModel ? networkOf(of) : { layers: [] };
  const checks = { layer: ofModel ? oneOf(...layers.map(({ name }) => name)) : noLayer };
  checkOptions("spectralRadius", options, checks);
  if (!ofModel) return ofMatrix(of as Tensor | Nested);
  const { layer } = options;
  const kernels = layers.flatMap((one) =>
    layer === undefined || one.name === layer ? recurrentKernels(one) : [],
  );
  return Object.fromEntries(kernels.map(({ name, shape, value }) => [name, ofGates(shape, value)]));
}

const noLayer: Check = { expected: "nothing: a matrix has no layers", holds: () => false };

/**
 * `recurrentKernel`, also of a direction: "forward/recurrentKernel". Its gates are square where it has a row for each
 * unit and the gates of the kernel beside it: not where cells share gates, behind a projection, or with several heads.
 */
function recurrentKernels({ definition, variables }: NetworkLayer): readonly Variable[] {
  const one = isBidirectional(definition) ? definition.directions[0] : null;
  const units = (isRecurrence(definition) ? definition.settings : one)?.units;
  return variables.filter(({ name, shape }) => {
    const [size = 0, width = 0] = shape;
    const beside = variables.find((other) => other.name === name.replace(/[^/]*$/, "kernel"));
    const gates = beside?.shape.at(-1) ?? width;
    return (
      /\/recurrent[^/]*$/.test(name) &&
      shape.length === 2 &&
      size === units &&
      width === gates &&
      width % size === 0
    );
  });
}

function ofGates([size = 0, width = 0]: readonly number[], values: ArrayLike<number>): readonly number[] {
  return Array.from({ length: width / size }, (_, gate) =>
    radius(
      size,
      Float64Array.from(
        { length: size * size },
        (__, k) => values[Math.floor(k / size) * width + gate * size + (k % size)] ?? 0,
      ),
    ),
  );
}

function ofMatrix(matrix: Tensor | Nested): number {
  const { shape, data } = isTensor(matrix) ? matrix : flattened(matrix, "spectralRadius(matrix)");
  const [size = 0, width] = shape;
  if (shape.length !== 2 || size !== width || size === 0)
    throw fault(
      "a square matrix [n, n]",
      `[${shape.join(", ")}]`,
      "For the gates of a kernel give the model.",
    );
  if (!Array.prototype.every.call(data, Number.isFinite))
    throw fault(
      "finite numbers",
      "others among them",
      "Look for what made them: a training that diverged, perhaps.",
    );
  return radius(size, Float64Array.from(data));
}

function fault(expected: string, got: string, fix: string): UnrollError {
  return new UnrollError({ where: "spectralRadius(matrix or model)", expected, got, fix });
}

/** Few enough for any matrix: A^(2^60) says no more than float64 holds. */
const mostSquarings = 60;
/** Two estimates in a row that differ by less than this, relatively, and then no more are made. */
const enough = 1e-13;

function radius(size: number, matrix: Float64Array): number {
  let power = matrix;
  let logNorm = 0; // of A^k before it was scaled, divided by k
  let close = 0;
  for (let squarings = 0; squarings <= mostSquarings && close < 3; squarings++) {
    if (squarings > 0) power = squared(size, power);
    const norm = power.reduce((most, x) => Math.max(most, Math.abs(x)), 0); // any norm will do, and this one fits
    if (norm === 0) return 0;
    const change = log(norm) / 2 ** squarings;
    logNorm += change;
    power = power.map((x) => x / norm);
    close = Math.abs(change) < enough ? close + 1 : 0;
  }
  return exp(logNorm);
}

function squared(size: number, a: Float64Array): Float64Array {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) product[i * size + j]! += factor * a[k * size + j]!;
    }
  }
  return product;
}
