/** The layer of a Jordan network. */
import { UnrollError } from "../../errors.ts";
import { jordanCell } from "../cells/jordan.ts";
import type { Bias } from "../cells/preActivation.ts";
import { flag, isPlain, whole } from "../options.ts";
import type { Activation } from "./activations.ts";
import type { LayerOf } from "./facts.ts";
import type { Initializer } from "./initializers.ts";
import { layerOf, type Sequences } from "./recurrent.ts";
import type { RegularizerOption } from "./regularizer.ts";
import { type Sampling, samplingCheck } from "./teacher.ts";

export interface JordanOptions<O extends number, S extends boolean> {
  /** Of the hidden layer. */
  readonly units: number;
  /** Of the output, which recurs. */
  readonly outputUnits: O;
  /** Return the output of every step, `[batch, time, outputUnits]`, not only the last. Default: true. */
  readonly returnSequences?: S;
  /** Default: "tanh". */
  readonly activation?: Activation;
  /** Default: "linear". */
  readonly outputActivation?: Activation;
  /** How the bias enters the hidden layer; the output has one too, unless "none". Default: "single". */
  readonly bias?: Bias;
  /**
   * Trained from targets, each step is fed the target of the step before, all steps at once; the layer is the last of
   * its model then. Else it is trained as it runs, on its own outputs, step by step. Default: true.
   */
  readonly teacherForcing?: boolean;
  /**
   * The fraction of steps that are fed their own output while training from targets, drawn for each step and row
   * (Bengio et al. 2015); or a fraction that grows, `{ from: 0, to: 1, steps }`, over so many optimizer steps. Unless
   * it is 0 the steps are trained one by one. Default: 0.
   */
  readonly scheduledSampling?: Sampling;
  /** The fraction of inputs dropped in training: one mask a sequence. Default: 0. */
  readonly dropout?: number;
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "orthogonal". */
  readonly recurrentInitializer?: Initializer;
  /** Default: "zeros". */
  readonly biasInitializer?: Initializer;
  /** Default: "glorotUniform". */
  readonly outputKernelInitializer?: Initializer;
  /** Default: "zeros". */
  readonly outputBiasInitializer?: Initializer;
  readonly kernelRegularizer?: RegularizerOption;
  readonly recurrentRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly outputKernelRegularizer?: RegularizerOption;
  readonly outputBiasRegularizer?: RegularizerOption;
  readonly trainable?: boolean;
  readonly name?: string;
}

/**
 * `h = tanh(x W + y R + b), y' = h V + c` (Jordan 1986): the output of a step goes into the next. `fit`,
 * `trainOnBatch`, `gradients` and `step` feed it the targets; `predict`, `evaluate` and sessions its own outputs.
 */
export function jordanRNN<const O extends number, const S extends boolean = true>(
  options: JordanOptions<O, S>,
): LayerOf<"sequence", Sequences<S>, O> {
  const { teacherForcing, scheduledSampling = 0 } = isPlain(options) ? options : {};
  if (teacherForcing === false && scheduledSampling !== 0)
    throw new UnrollError({
      where: "jordanRNN(options), scheduledSampling",
      expected: "teacherForcing beside it: some steps are fed targets, the others what was given",
      got: "teacherForcing: false",
      fix: "Leave out one of the two.",
    });
  return layerOf({
    cell: jordanCell,
    layer: "jordanRNN",
    className: "JordanRNN",
    options: isPlain(options) ? { returnSequences: true, ...options } : options,
    extra: { outputUnits: whole(1), teacherForcing: flag, scheduledSampling: samplingCheck },
    required: ["outputUnits"],
    // What is fed at the first step is zeros, and what comes after the last is nothing.
    without: ["returnState", "goBackwards", "stateful", "recurrentDropout", "zoneout", "initialState"],
    widthOf: ({ outputUnits = 1 }) => outputUnits,
    teacherOf: ({ teacherForcing = true, scheduledSampling = 0 }) =>
      teacherForcing ? { sampling: scheduledSampling } : null,
  });
}
