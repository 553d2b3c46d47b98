/** What goes into models and comes out of them. */
import {
  adam,
  type BatchSession,
  bidirectional,
  type CausalModel,
  type CausalTokenModel,
  ctc,
  ctcDecode,
  dense,
  distributionOf,
  embedding,
  functional,
  gaussian,
  gru,
  type Hypothesis,
  input,
  loadModel,
  lstm,
  type Model,
  type ModelThatLooksAhead,
  meanSquaredError,
  type Ragged,
  type Session,
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
  one.compile({ optimizer: "adam", loss: ctc({ blank: 2 }) });
  one.compile({ optimizer: "adam" }); // where the last layer is a crf
  same<number[][]>()(ctcDecode(await one.predict([[[1, 2, 3, 4]]]), { beam: 4 }));
  // @ts-expect-error beam
  ctcDecode([[[1, 2]]], { beams: 4 });
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
  same<Float32Array>()(session.push([1, 2, 3, 4]));
  same<Session<Signal<"sequence", 4, Causal>>>()(session.fork());
  // @ts-expect-error looks ahead
  const wrong: CausalModel = sequential(series, bidirectional(lstm({ units: 2 })));
  void wrong;
}

export function manyStreams(step: Float32Array, some: readonly number[][], count: number): void {
  const model = sequential(series, lstm({ units: 2 }));
  const session = model.session({ batch: 2 });
  same<readonly Float32Array[]>()(session.push([[1, 2, 3, 4], step]));
  session.push(some);
  session.push([step], { rows: [1] });
  session.push(some, { rows: Uint32Array.of(1, 0) });
  session.reset(1);
  session.reorder([0, 0]);
  // @ts-expect-error one stream has no others
  model.session().reorder([0]);
  session.restore(session.snapshot());
  session.refresh();
  same<BatchSession<Signal<"sequence", 4, Causal>>>()(session.fork());
  model.session({ batch: count }).push(some);
  model.session({}).push(step);
  // @ts-expect-error one stream has no rows
  model.session().push(step, { rows: [0] });
  // @ts-expect-error the second step has 3 features, the input has 4
  session.push([step, [1, 2, 3]]);
  // @ts-expect-error one step alone
  session.push([1, 2, 3, 4]);
  // @ts-expect-error rows, not row
  session.push([step], { row: [1] });
  // @ts-expect-error a number of streams
  model.session({ batch: "2" });
  const tokens = sequential(words, embedding({ inputDim: 9, outputDim: 2 }), gru({ units: 2 }));
  tokens.session({ batch: 3 }).push([1, 2, 3]);
  tokens.session({ batch: 3 }).push(Int32Array.of(1, 2, 3));
  // @ts-expect-error a token is a number
  tokens.session({ batch: 1 }).push([[1]]);
  const several = functional({ inputs: { left: series, right: words }, outputs: { y, last } });
  same<readonly { readonly y: Float32Array; readonly last: Float32Array }[]>()(
    several.session({ batch: 1 }).push([{ left: step, right: 3 }]),
  );
  // @ts-expect-error the input called right is missing
  several.session({ batch: 1 }).push([{ left: step }]);
}

export async function generation(prompt: Int32Array, past: Tensor): Promise<void> {
  const language = sequential(words, embedding({ inputDim: 9, outputDim: 2 }), gru({ units: 9 }));
  same<number[]>()(await language.generate({ prompt, length: 3, stop: [1, [2, 3]], repetitionPenalty: 1.2 }));
  same<number[]>()(await language.generate({ prompt, length: 3, beam: 2 }));
  same<readonly Hypothesis[]>()(await language.generate({ prompt, length: 3, beam: 2, nBest: 2 }));
  // @ts-expect-error a stream is one sequence
  language.stream({ prompt, length: 3, beam: 2, nBest: 2 });
  const numbers = sequential(series, gru({ units: 4 }), gaussian({ units: 4 }));
  same<Tensor>()(await numbers.forecast(past, { steps: 3, sample: true }));
  for await (const step of numbers.forecastStream(past, { steps: 3 })) same<Tensor>()(step);
  same<Tensor>()(distributionOf(numbers).mean(past));
  // @ts-expect-error looks ahead
  sequential(series, bidirectional(lstm({ units: 2 }))).forecast(past, { steps: 3 });
  // @ts-expect-error not a loss
  numbers.compile({ optimizer: "adam", loss: "gaussianNLL" });
}
