/** What can be asked of the inside of a model. */
import {
  backpropagationSteps,
  dense,
  functional,
  gru,
  input,
  inspect,
  type Ragged,
  sequential,
  spectralRadius,
  type Tensor,
  unfold,
  type Values,
} from "unroll-rnn";
import { same } from "./same.ts";

const model = sequential(input({ shape: [null, 2] }), gru({ units: 3 }), dense({ units: 1 }));
const x = input({ shape: [null, 2] });
const two = functional({ inputs: { x }, outputs: { h: gru({ units: 3, returnSequences: true })(x) } });
declare const data: Tensor;
declare const uneven: Ragged;

export async function inside(): Promise<void> {
  const seen = await inspect(model, [[[1, 2]]], { y: [[1]] });
  same<Tensor>()(seen.outputs);
  same<Tensor | null>()(seen.loss);
  same<Values | undefined>()(seen.layers["gru_1"]?.states["h"]);
  same<Tensor>()(
    await seen.sensitivity({ from: { input: 0, step: 0 }, to: { layer: "gru_1", state: "h", step: -1 } }),
  );
  same<Values>()(await seen.sensitivity({ from: { input: 0 }, to: { output: 0 } }));
  same<{ readonly h: Values }>()((await inspect(two, { x: data })).outputs);
  same<Ragged>()((await inspect(sequential(x, gru({ units: 3, returnSequences: true })), uneven)).outputs);
  // @ts-expect-error a batch is missing around the sequence
  await inspect(model, [[1, 2]]);
  // @ts-expect-error a misspelt option
  await inspect(model, data, { targets: [[1]] });
  // @ts-expect-error an output is no place to come from
  await seen.sensitivity({ from: { output: 0, step: 0 }, to: { output: 0 } });
  // @ts-expect-error a layer without a state or a value
  await seen.sensitivity({ from: { input: 0, step: 0 }, to: { layer: "gru_1", step: 0 } });
}

export async function backwards(): Promise<void> {
  const steps = await backpropagationSteps(model, data, data);
  same<number>()(steps.map(({ t }) => t)[0] ?? 0);
  // @ts-expect-error targets are missing
  await backpropagationSteps(model, data);
}

same<number>()(spectralRadius([[1]]));
same<Readonly<Record<string, readonly number[]>>>()(spectralRadius(model));
// @ts-expect-error a vector has no eigenvalues
spectralRadius([1, 2]);
unfold(model, { steps: 3, names: "lecture" });
// @ts-expect-error no such way of naming
unfold(model, { names: "letters" });
