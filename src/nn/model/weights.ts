/** The weights of a network as tensors, in the order and layout of Keras. */
import { UnrollError } from "../../errors.ts";
import type { Pieces } from "../breath.ts";
import { type Network, once } from "./network.ts";
import { converted, flattened, isTensor, type Nested, sizeOf, type Tensor, tensorOf } from "./tensor.ts";

export interface NamedTensor extends Tensor {
  /** "lstm_1/kernel" */
  readonly name: string;
}

/** Draws the first values that nobody has looked at yet. */
export function* firstWeights({ variables }: Network): Pieces {
  for (const variable of variables) while (variable.draw()) yield;
}

/** Copies of all weights. */
export function getWeights({ variables }: Network): readonly Tensor[] {
  return variables.map(({ shape, value }) => tensorOf(shape, Float32Array.from(value)));
}

/** Copies of all weights, with their names. */
export function namedWeights({ variables }: Network): readonly NamedTensor[] {
  return variables.map(({ name, shape, value }) =>
    Object.assign(tensorOf(shape, Float32Array.from(value)), { name }),
  );
}

/** Replaces all weights. Throws an UnrollError that names the weight whose shape is another. */
export function setWeights(network: Network, weights: readonly (Tensor | Nested)[]): void {
  const values = checkedWeights(network, weights, "model.setWeights(weights)");
  network.variables.forEach((variable, k) => {
    variable.value = values[k] as Float32Array;
  });
  network.version++;
}

/** Weights in the order of `getWeights`, copied. Throws an UnrollError that names the one whose shape is another. */
export function checkedWeights(
  { variables }: Network,
  weights: readonly (Tensor | Nested)[],
  where: string,
): readonly Float32Array[] {
  if (!Array.isArray(weights) || weights.length !== variables.length) {
    throw new UnrollError({
      where,
      expected: `${variables.length} weights`,
      got: Array.isArray(weights) ? String(weights.length) : typeof weights,
      fix: `In this order: ${variables.map(({ name }) => name).join(", ")}.`,
    });
  }
  return variables.map(({ name, shape }, k) => {
    const given = weights[k] as Tensor | Nested;
    const { shape: own, data } = isTensor(given) ? given : flattened(given, `${where}, "${name}"`);
    if (own.length === shape.length && own.every((axis, j) => axis === shape[j]))
      return Float32Array.from(converted(data, "float32", `${where}, "${name}"`));
    throw new UnrollError({
      where: `${where}, "${name}"`,
      expected: `[${shape.join(", ")}]`,
      got: `[${own.join(", ")}]`,
      fix: "Give weights of a model of the same layers.",
    });
  });
}

/** The values themselves: the same list until a weight changes, so that a device need not pack them anew. */
export function heldWeights(network: Network): readonly Float32Array[] {
  const held = once(network, "held weights", (): { version: number; values: readonly Float32Array[] } => ({
    version: -1,
    values: [],
  }));
  if (held.version !== network.version) {
    held.version = network.version;
    held.values = network.variables.map(({ value }) => value);
  }
  return held.values;
}

export const countOf = (network: Pick<Network, "variables">): number =>
  network.variables.reduce((total, { shape }) => total + sizeOf(shape), 0);
