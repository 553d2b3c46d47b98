/** What goes into models and comes out of them. */
import {
  adam,
  bidirectional,
  type CausalModel,
  type CausalTokenModel,
  dense,
  functional,
  gru,
  input,
  loadModel,
  lstm,
  type Model,
  type ModelThatLooksAhead,
  meanSquaredError,
  type Ragged,
  type Signal,
  sequential,
  type Tensor,
} from "unroll-rnn";
import { same } from "./same.ts";

type Causal = "causal";
const series = input({ shape: [null, 4] });
const words = input({ shape: [null], dtype: "int32" });
const h = lstm({ units: 8, returnSequences: true })(series);
const last = gru({ units: 3 })(series);
const y = dense({ units: 1 })(last);
declare const data: Tensor;
declare const uneven: Ragged;

export async function predicting(): Promise<void> {
  const one = functional({ inputs: series, outputs: y });
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"vector", 1, Causal>>>()(one);
  same<Tensor>()(await one.predict([[[1, 2, 3, 4]]]));
  same<Tensor>()(await one.predict(uneven)); // a vector for each sequence
  same<Ragged>()(await functional({ inputs: series, outputs: h }).predict(uneven));
  same<Tensor | Ragged>()(await functional({ inputs: series, outputs: h }).predict([[[1, 2, 3, 4]]]));
  const record = functional({ inputs: { left: series, right: words }, outputs: { y, last } });
  same<{ readonly y: Tensor; readonly last: Tensor }>()(
    await record.predict({ left: data, right: [[1, 2, 3]] }),
  );
  same<readonly [Tensor, Tensor]>()(await functional({ inputs: series, outputs: [h, y] }).predict(data));
  await one.predict(data, { initialState: { h: [[1, 2, 3]] }, batchSize: 4, device: "reference" });
  // @ts-expect-error the batch is missing
  one.predict([[1, 2, 3, 4]]);
  // @ts-expect-error the input called right is missing
  record.predict({ left: data });
  const back = bidirectional(gru({ units: 3 }))(series);
  same<
    ModelThatLooksAhead<
      Signal<"sequence", 4, Causal>,
      readonly [Signal<"vector", number, "looks ahead">, Signal<"vector", 1, Causal>]
    >
  >()(
    functional({ inputs: series, outputs: [back, y] }), // one output that looks ahead is enough
  );
}

export async function loading(): Promise<void> {
  const model = await loadModel("models/first");
  same<CausalTokenModel<Signal, Signal>>()(model);
  same<Tensor | Ragged>()(await model.predict([[[1, 2, 3, 4]]]));
  (await model.predict([[[1, 2, 3, 4]]])).toArray();
  (await model.predict(uneven)).toArray();
  await model.predict([[1, 2]], { initialState: { h: [[1, 2, 3]] } });
  const pair = await loadModel<{ left: Signal; right: Signal }, readonly [Signal, Signal]>("models/pair");
  (await pair.predict({ left: data, right: uneven }))[1].toArray();
}

export async function training(): Promise<void> {
  const one = functional({ inputs: series, outputs: y });
  const record = functional({ inputs: { left: series, right: words }, outputs: { y, last } });
  one.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["mae"], timeReduction: "sum" });
  one.compile({ optimizer: adam({ learningRate: 0.01 }), loss: meanSquaredError() });
  record.compile({ optimizer: "sgd", loss: { y: "huber", last: meanSquaredError() } });
  // @ts-expect-error adam
  one.compile({ optimizer: "adm", loss: "meanSquaredError" });
  // @ts-expect-error meanSquaredError
  one.compile({ optimizer: "adam", loss: "meanSquareError" });
  // @ts-expect-error mae
  one.compile({ optimizer: "adam", loss: "huber", metrics: ["maee"] });
  // @ts-expect-error no output is called z
  record.compile({ optimizer: "sgd", loss: { y: "huber", last: "huber", z: "huber" } });
  // @ts-expect-error a call is missing
  one.compile({ optimizer: adam, loss: "huber" });
  const { history } = await one.fit([[[1, 2, 3, 4]]], [[1]], { epochs: 3 });
  same<readonly number[]>()(history.loss);
  same<readonly number[] | undefined>()(history.valLoss);
  same<readonly number[] | undefined>()(history["own"]);
  // @ts-expect-error perhaps absent
  history.valMae.length;
  // @ts-expect-error misspelt
  history.valLos;
}

declare function anyModel(model: Model): void;
export function generality(): void {
  const one = functional({ inputs: series, outputs: y });
  anyModel(one);
  anyModel(functional({ inputs: { left: series, right: words }, outputs: { y, last } }));
  anyModel(sequential(series, bidirectional(lstm({ units: 2 }))));
  const annotated: CausalModel = sequential(series, lstm({ units: 2 }));
  annotated.session().push([1, 2]);
  const session = sequential(series, lstm({ units: 2 })).session();
  session.push([1, 2, 3, 4]);
  session.push(new Float32Array(4));
  // @ts-expect-error 3 features, the input has 4
  session.push([1, 2, 3]);
  // @ts-expect-error a number is a token
  session.push(3);
  // @ts-expect-error looks ahead
  const wrong: CausalModel = sequential(series, bidirectional(lstm({ units: 2 })));
  void wrong;
}
