/** What a model's predictions say where its last layer tells a distribution: `[..., width]` to `[..., units]`. */
import { keyOf } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import { type Distribution, drawsFrom } from "../distributions/distribution.ts";
import { checkOptions, seedCheck, spelt } from "../options.ts";
import { headOf } from "./head.ts";
import { isModel, networkOf } from "./network.ts";
import { isRagged, type Ragged, raggedOf } from "./ragged.ts";
import { isTensor, type Tensor, tensorOf } from "./tensor.ts";

/** Reads what `predict` gave, a tensor or ragged; the answer is the same kind with `units` features. */
export interface PredictedDistribution {
  /** Of `quantiles`: that of values spread evenly between two quantiles, none beyond the first and the last. */
  mean<T extends Tensor | Ragged>(prediction: T): T;
  standardDeviation<T extends Tensor | Ragged>(prediction: T): T;
  /** One draw at every step, each on its own; the same seed draws the same. Default: seed 0. */
  sample<T extends Tensor | Ragged>(prediction: T, options?: { readonly seed?: number }): T;
}

/**
 * The distribution that an output of `model` tells; `output` names it where there are several. Throws an UnrollError
 * where the output does not come from `gaussian`, `gaussianMixture` or `quantiles`.
 */
export function distributionOf(model: object, output?: string): PredictedDistribution {
  const distribution = outputDistribution(model, output);
  const { moments, sample } = distribution;
  return {
    mean: (prediction) => read(prediction, distribution, (x) => moments(x).mean),
    standardDeviation: (prediction) => read(prediction, distribution, (x) => moments(x).standardDeviation),
    sample: (prediction, options = {}) => {
      checkOptions("sample", options, { seed: seedCheck });
      const draws = drawsFrom(keyOf(options.seed ?? 0, "sample"));
      return read(prediction, distribution, (x) => sample(x, draws));
    },
  };
}

function outputDistribution(model: unknown, output: string | undefined): Distribution {
  const fault = (expected: string, got: string, fix: string): UnrollError =>
    new UnrollError({ where: "distributionOf(model)", expected, got, fix });
  if (!isModel(model)) throw fault("a model", spelt(model), "Give what sequential or functional made.");
  const { outputs } = networkOf(model);
  const names = outputs.map(({ name }) => `"${name}"`).join(", ");
  const end =
    outputs.length === 1 && output === undefined ? outputs[0] : outputs.find(({ name }) => name === output);
  if (end === undefined) {
    const got = output === undefined ? "none" : spelt(output);
    throw fault(`one of the outputs ${names}`, got, "Name it: distributionOf(model, name).");
  }
  const head = headOf(end);
  if (head !== null) return head;
  throw fault(
    `an output "${end.name}" that tells a distribution`,
    "numbers",
    "End the model with gaussian({ units }), gaussianMixture({ units, components }) or quantiles({ units }).",
  );
}

function read<T extends Tensor | Ragged>(
  prediction: T,
  distribution: Distribution,
  of: (parameters: ArrayLike<number>) => readonly number[],
): T;
function read(
  prediction: Tensor | Ragged,
  distribution: Distribution,
  of: (parameters: ArrayLike<number>) => readonly number[],
): Tensor | Ragged {
  if (isRagged(prediction)) return raggedOf(prediction.rows.map((row) => read(row, distribution, of)));
  const { width, units } = distribution;
  if (!isTensor(prediction) || prediction.shape.at(-1) !== width) {
    throw new UnrollError({
      where: "the prediction",
      expected: `a tensor [..., ${width}], as the model gives`,
      got: isTensor(prediction) ? `[${prediction.shape.join(", ")}]` : spelt(prediction),
      fix: "Give what model.predict(x) returned.",
    });
  }
  const { shape, data } = prediction;
  const values = new Float32Array((data.length / width) * units);
  for (let from = 0, to = 0; from < data.length; from += width, to += units)
    values.set(of(data.subarray(from, from + width)), to);
  return tensorOf([...shape.slice(0, -1), units], values);
}
