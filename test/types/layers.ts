/** What layers do to signals, and what a `sequential` refuses. */
import {
  add,
  attention,
  bidirectional,
  type CausalModel,
  type CausalTokenModel,
  concat,
  conv2d,
  convLstm2d,
  crf,
  dense,
  div,
  dropout,
  embedding,
  flatten,
  globalAveragePooling2d,
  greater,
  gru,
  input,
  jordanRNN,
  type Layer,
  lstm,
  type ModelThatLooksAhead,
  type ModelWithoutTime,
  masking,
  mul,
  repeatVector,
  type Signal,
  sequential,
  simpleRNN,
  split,
  sub,
  sum,
  sumMemory,
  tanh,
  timeDistributed,
  where,
} from "unroll-rnn";
import { same } from "./same.ts";

type Causal = "causal";
type Ahead = "looks ahead";
declare const someNumber: number;
declare const someFlag: boolean;

export function inputs(): void {
  same<Signal<"sequence", 4, Causal>>()(input({ shape: [null, 4] }));
  same<Signal<"sequence", 4, Causal>>()(input({ shape: [10, 4] }));
  same<Signal<"tokens", number, Causal>>()(input({ shape: [null], dtype: "int32" }));
  same<Signal<"vector", 7, Causal>>()(input({ shape: [7] }));
  same<Signal<"other", 3, Causal>>()(input({ shape: [null, 8, 8, 3] }));
  same<Signal<"image", 3, Causal>>()(input({ shape: [8, 8, 3] }));
  same<Signal<"other", 3, Causal>>()(input({ shape: [null, 8, 3] }));
  same<Signal<"sequence", number, Causal>>()(input({ shape: [null, someNumber] }));
  // @ts-expect-error 4 is not 5: the helper itself can fail
  same<Signal<"sequence", 5, Causal>>()(input({ shape: [null, 4] }));
  // @ts-expect-error there is no such dtype
  input({ shape: [null], dtype: "int64" });
}

export function images(): void {
  const image = input({ shape: [8, 8, 3] });
  const video = input({ shape: [null, 8, 8, 3] });
  same<ModelWithoutTime<Signal<"image", 3, Causal>, Signal<"vector", 2, Causal>>>()(
    sequential(image, conv2d({ filters: 4, kernelSize: 3 }), globalAveragePooling2d(), dense({ units: 2 })),
  );
  same<Signal<"other", 4, Causal>>()(timeDistributed(conv2d({ filters: 4, kernelSize: 3 }))(video));
  same<Signal<"sequence", 3, Causal>>()(timeDistributed(globalAveragePooling2d())(video));
  same<Signal<"image", 4, Causal>>()(convLstm2d({ filters: 4, kernelSize: 3 })(video));
  same<Signal<"other", 4, Causal>>()(
    convLstm2d({ filters: 4, kernelSize: [3, 3], returnSequences: true })(video),
  );
  // @ts-expect-error one image has no time
  sequential(image, convLstm2d({ filters: 4, kernelSize: 3 }));
  // @ts-expect-error its size is called filters
  convLstm2d({ units: 4, kernelSize: 3 });
  // @ts-expect-error a video goes through timeDistributed
  sequential(video, conv2d({ filters: 4, kernelSize: 3 }));
  // @ts-expect-error an LSTM wants a sequence of vectors
  sequential(image, lstm({ units: 8 }));
}

export function searches(): void {
  const x = input({ shape: [null, 4] });
  const h = lstm({ units: 8, returnSequences: true })(x);
  same<Signal<"sequence", 8, Ahead>>()(attention()([h, h]));
  same<Signal<"vector", 8, Ahead>>()(attention()([lstm({ units: 8 })(x), h]));
  same<Signal<"sequence", 8, Causal>>()(attention({ causal: true })([h, h]));
  // @ts-expect-error a value is a sequence
  attention()([h, lstm({ units: 8 })(x)]);
  // @ts-expect-error one symbol is not enough
  attention()(h);
}

export function chains(): void {
  const series = input({ shape: [null, 4] });
  const words = input({ shape: [null], dtype: "int32" });
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"vector", 1, Causal>>>()(
    sequential(series, lstm({ units: 32 }), dense({ units: 1 })),
  );
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"sequence", 5, Causal>>>()(
    sequential(series, gru({ units: 8, returnSequences: true }), dropout({ rate: 0.1 }), dense({ units: 5 })),
  );
  sequential(
    series,
    lstm({ units: 32 }),
    // @ts-expect-error a sequence is wanted here, the layer before gives a vector: the error stands on this argument
    gru({ units: 16 }),
    dense({ units: 1 }),
  );
  // @ts-expect-error a vector is wanted, a sequence comes
  sequential(series, lstm({ units: 3, returnSequences: true }), repeatVector({ n: 3 }));
  // @ts-expect-error vectors have no steps
  sequential(input({ shape: [7] }), lstm({ units: 2 }));
  // @ts-expect-error several outputs
  sequential(series, lstm({ units: 2, returnState: true }));
  // @ts-expect-error an input in the middle
  sequential(series, lstm({ units: 2 }), series);
  // @ts-expect-error tokens are no numbers
  sequential(words, lstm({ units: 32 }));
  // @ts-expect-error nor for a dense layer
  sequential(words, dense({ units: 32 }));
  // @ts-expect-error numbers are no tokens
  sequential(series, embedding({ inputDim: 50, outputDim: 8 }));
  // @ts-expect-error not a layer
  sequential(series, "lstm");
  // @ts-expect-error without a sequence in between, also where no input stands in front
  sequential(embedding({ inputDim: 5, outputDim: 3 }), lstm({ units: 2 }), lstm({ units: 2 }));
}

export function misspelt(): void {
  // @ts-expect-error returnSequences
  lstm({ units: 2, returnSequence: true });
  // @ts-expect-error an option of gru
  lstm({ units: 2, resetAfter: true });
  // @ts-expect-error softmax
  dense({ units: 3, activation: "sofmax" });
  // @ts-expect-error glorotUniform
  dense({ units: 3, kernelInitializer: "glorotUnifrom" });
  // @ts-expect-error one of three
  gru({ units: 3, bias: "twice" });
  // @ts-expect-error units is missing
  simpleRNN({});
  dense({ units: 3, activation: tanh });
}

export function widths(): void {
  const series = input({ shape: [null, 4] });
  same<Signal<"sequence", 4, Causal>>()(dropout({ rate: 0.5 })(series));
  same<Signal<"sequence", 4, Causal>>()(masking()(series));
  same<Signal<"sequence", 6, Causal>>()(timeDistributed(dense({ units: 6 }))(series));
  same<Signal<"vector", number, Causal>>()(lstm({ units: someNumber })(series));
  same<Signal<"vector", number, Ahead>>()(bidirectional(lstm({ units: 8 }))(series)); // twice 8 is not computed
  same<Signal<"vector", 8, Ahead>>()(bidirectional(lstm({ units: 8 }), { mergeMode: "sum" })(series));
  const bothWays = bidirectional(convLstm2d({ filters: 2, kernelSize: 3 }), { mergeMode: "ave" });
  same<Signal<"image", 2, Ahead>>()(bothWays(input({ shape: [null, 4, 4, 1] })));
  same<Signal<"sequence", 5, Ahead>>()(crf({ units: 5 })(series));
  // @ts-expect-error a crf labels sequences
  crf({ units: 5 })(input({ shape: [7] }));
  // @ts-expect-error steps of a sequence are vectors, an LSTM wants sequences there
  timeDistributed(lstm({ units: 3 }))(series);
  const frames = input({ shape: [null, 8, 8, 3] });
  same<CausalModel<typeof frames, Signal<"vector", 3, Causal>>>()(
    sequential(frames, timeDistributed(flatten()), lstm({ units: 3 })),
  );
}

export function cells(): void {
  const series = input({ shape: [null, 4] });
  same<Signal<"vector", 5, Causal>>()(sumMemory({ units: 5 })(series));
  same<Signal<"vector", 3, Causal>>()(lstm({ units: 8, projection: 3 })(series));
  same<Signal<"vector", 8, Causal>>()(lstm({ units: 8, cellsPerBlock: 1, peephole: true })(series));
  same<Signal<"vector", number, Causal>>()(lstm({ units: 8, cellsPerBlock: 4 })(series)); // 32 is not computed
  same<Signal<"vector", 6, Causal>>()(lstm({ units: 8, cellsPerBlock: 4, projection: 6 })(series));
  // The output is 3 wide, c is not.
  same<Signal<"vector", number, Causal>>()(lstm({ units: 8, projection: 3, returnState: true })(series).c);
  same<Signal<"sequence", 2, Causal>>()(jordanRNN({ units: 8, outputUnits: 2 })(series));
  same<Signal<"vector", 2, Causal>>()(
    jordanRNN({ units: 8, outputUnits: 2, returnSequences: false })(series),
  );
  gru({ units: 8, zoneout: { h: 0.1 }, layerNormalization: true });
  lstm({ units: 8, zoneout: { h: 0.1, c: 0.5 } });
  // @ts-expect-error a GRU has no c
  gru({ units: 8, zoneout: { c: 0.1 } });
  // @ts-expect-error a number for each state
  lstm({ units: 8, zoneout: { h: true } });
  // @ts-expect-error a sum has one product
  sumMemory({ units: 8, bias: "double" });
  // @ts-expect-error nor has it a kernel for the state
  sumMemory({ units: 8, recurrentInitializer: "zeros" });
  // @ts-expect-error peephole
  lstm({ units: 8, peepholes: true });
  // @ts-expect-error how wide the output is
  jordanRNN({ units: 8 });
  // @ts-expect-error what it gives at the last step is nothing to begin with
  jordanRNN({ units: 8, outputUnits: 2, goBackwards: true });
  // @ts-expect-error it has one direction
  bidirectional(jordanRNN({ units: 8, outputUnits: 2 }));
  // @ts-expect-error a sequence is wanted, a vector comes
  sequential(series, lstm({ units: 8, projection: 2 }), sumMemory({ units: 3 }));
}

type Has<M, Name extends string> = Name extends keyof M ? true : false;
declare function abilities<M>(model: M): { session: Has<M, "session">; generate: Has<M, "generate"> };
type Can<S extends boolean, G extends boolean> = { session: S; generate: G };

export function causality(): void {
  const series = input({ shape: [null, 4] });
  const words = embedding({ inputDim: 50, outputDim: 8 });
  same<Can<true, false>>()(abilities(sequential(series, lstm({ units: 2 }))));
  same<Can<true, true>>()(
    abilities(sequential(words, gru({ units: 2, returnSequences: true }), dense({ units: 50 }))),
  );
  same<Can<false, false>>()(
    abilities(sequential(words, bidirectional(gru({ units: 2 })), dense({ units: 50 }))),
  );
  same<Can<false, false>>()(abilities(sequential(series, gru({ units: 2, goBackwards: true }))));
  same<Can<false, false>>()(
    abilities(sequential(series, lstm({ units: 2 }), repeatVector({ n: 3 }), lstm({ units: 2 }))),
  );
  same<Can<false, false>>()(abilities(sequential(input({ shape: [9, 4] }), flatten())));
  same<Can<true, false>>()(abilities(sequential(series, timeDistributed(dense({ units: 2 })))));
  const vectors = input({ shape: [7] });
  same<ModelWithoutTime<Signal<"vector", 7, Causal>, Signal<"vector", 2, Causal>>>()(
    sequential(vectors, dense({ units: 2 })),
  );
  // @ts-expect-error Property 'session' does not exist on type 'ModelThatLooksAhead<...>'
  sequential(series, bidirectional(lstm({ units: 2 }))).session();
  // @ts-expect-error only a recurrent layer has two directions
  bidirectional(dense({ units: 2 }));
}

export function unknown(): void {
  const series = input({ shape: [null, 4] });
  const deep = () => lstm({ units: 8, returnSequences: true });
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"sequence", 3, Causal>>>()(
    sequential(
      series,
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      deep(),
      dense({ units: 3 }),
    ),
  );
  const stack: Layer[] = [deep(), dropout({ rate: 0.5 }), bidirectional(gru({ units: 8 }))];
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal>>()(
    sequential(series, ...stack, dense({ units: 1 })),
  );
  same<CausalTokenModel<Signal, Signal>>()(sequential(...stack));
  const known = [series, lstm({ units: 8 }), dense({ units: 1 })] as const;
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"vector", 1, Causal>>>()(sequential(...known));
  // A flag that is known only at run time blocks nothing.
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"sequence" | "vector", 3, Causal>>>()(
    sequential(series, lstm({ units: 8, returnSequences: someFlag }), dense({ units: 3 })),
  );
  sequential(series, lstm({ units: 8, returnSequences: someFlag }), lstm({ units: 8 }));
  let looped: Signal = series;
  for (const layer of stack) looped = layer(looped);
  const anyLayer = (layer: Layer) => sequential(series, bidirectional(layer), layer, dense({ units: 1 }));
  same<ModelThatLooksAhead<Signal<"sequence", 4, Causal>, Signal<"vector", 1, Ahead>>>()(
    sequential(series, someFlag ? lstm({ units: 8 }) : bidirectional(gru({ units: 8 })), dense({ units: 1 })),
  );
  void [looped, anyLayer];
}

export function symbols(): void {
  const series = input({ shape: [null, 4] });
  const h = lstm({ units: 8, returnSequences: true })(input({ shape: [null, 8] }));
  same<Signal<"sequence", 8, Causal>>()(add(h, input({ shape: [null, 8] }), 0.5));
  same<Signal<"sequence", 8, Causal>>()(mul(h, input({ shape: [null, 1] }))); // one feature repeats
  same<Signal<"sequence", 8, Causal>>()(sub(1, h));
  same<Signal<"sequence", number, Causal>>()(concat(h, series));
  same<Signal<"sequence", 1, Causal>>()(sum(h));
  same<Signal<"sequence", 8, Ahead>>()(
    add(h, bidirectional(lstm({ units: 8, returnSequences: true }), { mergeMode: "sum" })(h)),
  );
  const [left, right] = split(h, 2);
  same<Signal<"sequence", number, Causal>>()(left);
  same<Signal>()(where(left, right, 0));
  // @ts-expect-error 8 features and 4
  add(h, series);
  // @ts-expect-error 8 features and 4
  div(h, series);
  // @ts-expect-error a difference is of two
  sub(h, h, h);
  // @ts-expect-error and of no fewer
  greater(h);
  // @ts-expect-error a sequence and a vector
  add(h, lstm({ units: 8 })(series));
  // @ts-expect-error a sequence is wanted
  lstm({ units: 8 })(lstm({ units: 8 })(series));
}

export function states(): void {
  const series = input({ shape: [null, 4] });
  const { output, h, c } = lstm({ units: 8, returnState: true })(series);
  same<Signal<"vector", 8, Causal>>()(output);
  same<Signal<"vector", 8, Causal>>()(c);
  // A first state from a symbol: all of its source is needed first.
  same<Signal<"sequence", 8, Ahead>>()(
    lstm({ units: 8, returnSequences: true })(series, { initialState: { h, c } }),
  );
  const whole = gru({ units: 8, returnSequences: true, returnState: true })(series);
  same<Signal<"sequence", 8, Causal>>()(whole.output);
  same<Signal<"vector", 8, Causal>>()(whole.h);
  // @ts-expect-error a GRU has no c
  whole.c;
  const [forward, backward] = bidirectional(gru({ units: 3 }), { mergeMode: "none" })(series);
  same<Signal<"vector", 3, Ahead>>()(forward);
  same<Signal<"vector", 3, Ahead>>()(backward);
  const both = bidirectional(lstm({ units: 3, returnState: true }), { mergeMode: "sum" })(series);
  same<Signal<"vector", 3, Ahead>>()(both.output);
  same<Signal<"vector", 3, Ahead>>()(both.backwardC);
}
