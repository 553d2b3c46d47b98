/** Twenty steps of training beside PyTorch's: the loss of every step and the weights behind the last. */
import {
  dense,
  input,
  type Model,
  meanSquaredError,
  sequential,
  setDevice,
  sgd,
  sparseCategoricalCrossentropy,
} from "../../src/index.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { type Closeness, expectClose } from "../parity/close.ts";
import { flat, type Nested } from "../parity/measure.ts";
import { recurrenceRoundings, relative, smallest } from "../tolerances.ts";

/** Rows are padded to the steps of the longest. */
interface Batch {
  readonly lengths: readonly number[] | null;
  readonly x: readonly (readonly (readonly number[])[])[];
  readonly y: readonly Nested[];
}
export interface TrainingCase {
  readonly name: string;
  readonly kind: string;
  readonly both: boolean;
  readonly layers: number;
  readonly units: number;
  readonly bias: string;
  readonly sequences: boolean;
  readonly classes: number;
  readonly loss: "meanSquaredError" | "sparseCategoricalCrossentropy";
  readonly optimizer: {
    readonly learningRate: number;
    readonly momentum: number;
    readonly nesterov: boolean;
  };
  readonly weights: readonly Nested[];
  readonly batches: readonly Batch[];
  readonly losses: readonly number[];
  readonly after: readonly Nested[];
}

export interface TrainedOn {
  readonly name: "reference" | "wasm";
  readonly close: (one: TrainingCase) => Closeness;
}
/** Weights are float32 between two steps on every device; the reference rounds nothing else. */
export const trained: readonly TrainedOn[] = [
  { name: "reference", close: ({ losses }) => ({ tolerance: relative(losses.length), smallest }) },
  {
    name: "wasm",
    close: ({ losses, layers, units, classes, batches }) => {
      const [rows = 1, steps = 1, features = 1] = shapeOf(batches[0]?.x ?? []);
      const roundings = recurrenceRoundings({ features, units, classes, steps, rows });
      return { tolerance: relative(losses.length * layers * roundings), smallest };
    },
  },
];

/** Throws unless every loss and every weight is PyTorch's. */
export async function expectTraining(one: TrainingCase, { name, close }: TrainedOn): Promise<void> {
  setDevice(name, { threads: 1 });
  const model = modelOf(one);
  const losses: number[] = [];
  for (const [step] of one.losses.entries()) {
    const { lengths, x, y } = one.batches[step % one.batches.length] as Batch;
    const ended = <T>(rows: readonly T[]): readonly T[] =>
      rows.map((row, k) => (Array.isArray(row) ? (row.slice(0, lengths?.[k]) as T) : row));
    const { loss } = await model.trainOnBatch(ended(x) as never, (one.sequences ? ended(y) : y) as never);
    losses.push(loss);
  }
  const bound = close(one);
  expectClose(losses, one.losses, "losses", bound);
  one.after.forEach((wanted, k) => {
    expectClose([...(model.getWeights()[k]?.data ?? [])], flat(wanted), `weight ${k}`, bound);
  });
}

function modelOf({ kind, both, layers, units, bias, sequences, classes, ...one }: TrainingCase): Model {
  const recurrent = Array.from({ length: layers }, (_, k) => {
    const options = { units, bias, returnSequences: sequences || k < layers - 1 };
    const config = { layer: kind, options };
    return layerFrom(both ? { layer: "bidirectional", options: {}, inner: config } : config);
  });
  const features = shapeOf(one.batches[0]?.x ?? [])[2] ?? 1;
  const model = sequential(
    input({ shape: [null, features] }),
    ...(recurrent as never[]),
    dense({ units: classes }) as never,
  ) as unknown as Model;
  const loss =
    one.loss === "meanSquaredError"
      ? meanSquaredError()
      : sparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: sgd(one.optimizer), loss });
  model.setWeights(one.weights);
  return model;
}

const shapeOf = (x: Nested): readonly number[] =>
  typeof x === "number" ? [] : [x.length, ...shapeOf(x[0] ?? 0)];
