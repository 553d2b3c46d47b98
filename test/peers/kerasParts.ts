/** What the cases of Keras are made of: layers, data with and without padding, losses. */
import type { Nested } from "../../src/nn/model/tensor.ts";
import { type Case, type Compile, type Data, grid, type Step } from "./kerasModels.ts";

export type Options = Readonly<Record<string, unknown>>;
export const step = (
  type: string,
  options: Options = {},
  more: Omit<Partial<Step>, "type" | "options"> = {},
): Step => ({
  type,
  options,
  ...more,
});
export const around = (type: string, layer: Step, options: Options = {}): Step => ({ type, options, layer });

/** Tokens, 0 is padding. */
export const padded: Readonly<Record<"left" | "middle" | "right" | "an empty row", Nested>> = {
  left: [
    [0, 0, 3, 1, 4],
    [0, 2, 5, 1, 3],
  ],
  middle: [
    [3, 0, 2, 0, 1],
    [1, 4, 0, 0, 2],
  ],
  right: [
    [3, 1, 2, 0, 0],
    [5, 0, 0, 0, 0],
  ],
  "an empty row": [
    [0, 0, 0, 0, 0],
    [0, 2, 0, 1, 0],
  ],
};
export const tokens = { shape: [null], dtype: "int32" } as const;
export const vectors = { shape: [null, 3], dtype: "float32" } as const;
export const embedding: Step = step("embedding", { inputDim: 6, outputDim: 3, maskZero: true });

/** Every recurrent layer that Keras has, with what it needs. */
const kinds: Readonly<Record<string, readonly [type: string, options: Options]>> = {
  simpleRNN: ["simpleRNN", { units: 3 }],
  lstm: ["lstm", { units: 3 }],
  gru: ["gru", { units: 3 }],
  "gru resetAfter false": ["gru", { units: 3, resetAfter: false }],
};
export const recurrentOf = (kind: string, options: Options = {}): Step => {
  const [type, own] = kinds[kind] ?? ["", {}];
  return step(type, { ...own, ...options });
};
export const kindNames: readonly string[] = Object.keys(kinds);

export const rows = 6;
export const steps = 4;

/** Six sequences of four tokens, each with one padded step, wherever. */
export const gaps: Nested = [
  [0, 3, 1, 4],
  [2, 0, 5, 1],
  [3, 2, 0, 1],
  [1, 4, 3, 0],
  [5, 1, 0, 2],
  [0, 2, 2, 3],
];
export const series: Nested = grid([rows, steps, 3], 21, 2);
export const unmasked: Ground = { inputs: [vectors], x: [series], first: [] };
export const masked: Ground = { inputs: [tokens], x: [gaps], first: [embedding] };
export interface Ground extends Pick<Case, "inputs"> {
  readonly x: Data["x"];
  readonly first: readonly Step[];
}

export const compiled = (loss: string, options: Options = {}, metrics: readonly string[] = []): Compile => ({
  optimizer: { name: "sgd", options: {} },
  losses: [{ name: loss, options }],
  metrics,
});
export const lastGru: Step = recurrentOf("gru");
export const everyLstm: Step = recurrentOf("lstm", { returnSequences: true });
export const dense = (units: number, activation = "linear", options: Options = {}): Step =>
  step("dense", { units, activation, ...options });
