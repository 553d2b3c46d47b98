/** Seq2seq models: how their networks are put together, and what they say to what cannot be. */
import { beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../device.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { embedding } from "../layers/embedding.ts";
import type { Facts } from "../layers/facts.ts";
import { input } from "../layers/input.ts";
import { gru, lstm, simpleRNN } from "../layers/recurrent.ts";
import { timeDistributed } from "../layers/timeDistributed.ts";
import { ragged } from "../model/ragged.ts";
import { tensor } from "../model/tensor.ts";
import { setSeed } from "../seed.ts";
import { adam } from "../train/optimizers.ts";
import { type Seq2seq, seq2seq } from "./seq2seq.ts";

const vocabulary = 7;
const [startToken, endToken] = [5, 6];
const read = (): Facts => embedding({ inputDim: vocabulary, outputDim: 3 });
const say = (): Facts => dense({ units: vocabulary, activation: "softmax" });

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(2);
});

/** Types of layers are left out: here both sides are lists of anything. */
const made = (
  encoder: readonly unknown[],
  decoder: readonly unknown[],
  attention: "none" | "dot" | "additive" = "none",
): Seq2seq =>
  seq2seq({ encoder: encoder as never, decoder: decoder as never, attention, startToken, endToken });
const sources = [[1, 2, 3], [4, 0], [2, 2, 1, 0, 3], [1], [0, 4, 4]];
const targets = [[3, 2, 1], [0, 4], [3, 0, 1, 2, 2], [1], [4, 4, 0]];
/** A source of vectors, `[time, 2]`. */
const films = sources.map((tokens) => tokens.map((token) => [token / 4, 1 - token / 4]));

interface Case {
  readonly name: string;
  readonly encoder: () => readonly unknown[];
  readonly decoder: () => readonly unknown[];
  readonly source?: unknown;
  readonly attention?: "dot" | "additive";
  /** Default: 250. */
  readonly epochs?: number;
  /** Default: 0.03. */
  readonly learningRate?: number;
  /** Weights between encoder and decoder, of attention too, and their shapes. */
  readonly bridges: readonly string[];
}
const cases: readonly Case[] = [
  {
    name: "one layer, states as they are",
    encoder: () => [read(), lstm({ units: 12 })],
    decoder: () => [read(), lstm({ units: 12, returnSequences: true }), say()],
    bridges: [],
  },
  {
    name: "a bidirectional encoder, its states side by side",
    encoder: () => [read(), bidirectional(lstm({ units: 8 }))],
    decoder: () => [read(), lstm({ units: 16, returnSequences: true }), say()],
    bridges: [],
  },
  {
    name: "another size: a dense layer a state",
    encoder: () => [read(), bidirectional(gru({ units: 7 }), { mergeMode: "sum" })],
    decoder: () => [read(), gru({ units: 12, returnSequences: true }), say()],
    bridges: ["bridge_1_h/kernel 14,12"],
  },
  {
    name: "another cell: what the encoder does not have comes from its output",
    encoder: () => [read(), gru({ units: 12 })],
    decoder: () => [read(), lstm({ units: 12, returnSequences: true }), say()],
    bridges: [],
  },
  {
    name: "deep, layer by layer from the last",
    encoder: () => [
      read(),
      simpleRNN({ units: 5, returnSequences: true }),
      gru({ units: 9, returnSequences: true }),
      gru({ units: 10 }),
    ],
    decoder: () => [
      read(),
      gru({ units: 9, returnSequences: true }),
      gru({ units: 8, returnSequences: true }),
      say(),
    ],
    bridges: ["bridge_2_h/kernel 10,8"],
  },
  {
    name: "a deeper decoder: the encoder's first layer serves the rest",
    encoder: () => [read(), gru({ units: 9 })],
    decoder: () => [
      read(),
      gru({ units: 12, returnSequences: true }),
      gru({ units: 9, returnSequences: true }),
      say(),
    ],
    bridges: ["bridge_1_h/kernel 9,12"],
  },
  {
    name: "a source of vectors",
    encoder: () => [
      input({ shape: [null, 2] }),
      timeDistributed(dense({ units: 6, activation: "tanh" })),
      gru({ units: 16 }),
    ],
    decoder: () => [read(), gru({ units: 16, returnSequences: true }), dropout({ rate: 0 }), say()],
    source: ragged(films),
    bridges: [],
  },
  {
    name: "one vector a source",
    encoder: () => [input({ shape: [2] }), dense({ units: 6, activation: "tanh" })],
    decoder: () => [read(), lstm({ units: 24, returnSequences: true }), say()],
    source: tensor([
      [1, 2],
      [3, 1],
      [-1, 2],
      [0, -3],
      [2, 2],
    ]),
    bridges: ["bridge_1_h/kernel 6,24", "bridge_1_c/kernel 6,24"],
  },
  {
    name: "one vector as it is",
    encoder: () => [input({ shape: [2] })],
    decoder: () => [
      read(),
      simpleRNN({ units: 2, returnSequences: true }),
      gru({ units: 24, returnSequences: true }),
      say(),
    ],
    source: tensor([
      [1, 2],
      [3, 1],
      [-1, 2],
      [0, -3],
      [2, 2],
    ]),
    bridges: ["bridge_2_h/kernel 2,24"],
  },
  {
    name: "dot attention, as wide as the encoder",
    encoder: () => [read(), bidirectional(gru({ units: 6, returnSequences: true }))],
    decoder: () => [
      read(),
      gru({ units: 12, returnSequences: true }),
      dense({ units: 12, activation: "tanh" }),
      say(),
    ],
    attention: "dot",
    bridges: [],
  },
  {
    name: "dot attention of another width",
    encoder: () => [read(), gru({ units: 6, returnSequences: true })],
    decoder: () => [read(), gru({ units: 12, returnSequences: true }), say()],
    attention: "dot",
    bridges: ["bridge_1_h/kernel 6,12", "attention_key/kernel 6,12"],
  },
  {
    name: "additive attention, deep",
    encoder: () => [
      read(),
      gru({ units: 8, returnSequences: true }),
      gru({ units: 8, returnSequences: true }),
    ],
    decoder: () => [
      read(),
      gru({ units: 8, returnSequences: true }),
      gru({ units: 8, returnSequences: true }),
      say(),
    ],
    attention: "additive",
    bridges: ["attention_query/kernel 8,8", "attention_key/kernel 8,8"],
  },
  {
    name: "attention to a sequence of vectors without memory",
    encoder: () => [input({ shape: [null, 2] }), timeDistributed(dense({ units: 8, activation: "tanh" }))],
    decoder: () => [
      read(),
      gru({ units: 24, returnSequences: true }),
      dense({ units: 24, activation: "tanh" }),
      say(),
    ],
    source: ragged(films),
    attention: "additive",
    epochs: 400,
    learningRate: 0.01,
    bridges: ["attention_query/kernel 24,24", "attention_key/kernel 8,24"],
  },
];

describe.each(cases)(
  "$name",
  ({ encoder, decoder, source = sources, attention, epochs = 250, learningRate = 0.03, bridges }) => {
    test("the decoder begins with what the encoder made", () => {
      const model = made(encoder(), decoder(), attention);
      const between = model.weights.filter(({ name }) => /^(bridge|attention)_.*kernel$/.test(name));
      expect(between.map(({ name, shape }) => `${name} ${shape.join()}`)).toEqual(bridges);
      expect(model.summary()).toMatch(/^Model: "seq2seq"/);
    });

    test("learns five pairs by heart and says them", async () => {
      const model = made(encoder(), decoder(), attention);
      model.compile({ optimizer: adam({ learningRate }), metrics: ["accuracy"] });
      await model.fit(source as never, targets, { epochs, batchSize: 5, verbose: 0 });
      const { loss, accuracy } = await model.evaluate(source as never, targets);
      expect(loss).toBeLessThan(0.02);
      expect(accuracy).toBe(1);
      expect(await model.generate(source as never, { maxLength: 8 })).toEqual(targets);
    });
  },
);

test("a layer on both sides is one layer", () => {
  const shared = [
    embedding({ inputDim: vocabulary, outputDim: 3 }),
    gru({ units: 4, returnSequences: true }),
  ];
  const model = made(shared, [...shared, say()]);
  expect(model.weights.map(({ name }) => name)).toEqual([
    "embedding_1/embeddings",
    "gru_1/kernel",
    "gru_1/recurrentKernel",
    "gru_1/bias",
    "dense_1/kernel",
    "dense_1/bias",
  ]);
});

describe("errors", () => {
  const rnn = (): Facts => gru({ units: 4, returnSequences: true });
  test.each<[string, () => unknown, RegExp]>([
    [
      "no input",
      () => made([gru({ units: 4 })], [read(), rnn(), say()]),
      /encoder.*an input or an embedding/,
    ],
    ["no layers", () => made([], [read(), rnn(), say()]), /encoder.*an input or an embedding.*none/],
    ["no layer", () => made([read(), 3], [read(), rnn(), say()]), /encoder \}\), layer 2.*a layer.*got 3/],
    [
      "a decoder without an embedding",
      () => made([read(), rnn()], [rnn(), say()]),
      /decoder.*an embedding.*"gru"/,
    ],
    [
      "a decoder both ways",
      () => made([read(), rnn()], [read(), bidirectional(gru({ units: 4, returnSequences: true })), say()]),
      /decoder \}\), layer 2 "bidirectional".*looks ahead.*Leave out bidirectional/,
    ],
    [
      "a decoder backwards",
      () =>
        made([read(), rnn()], [read(), gru({ units: 4, returnSequences: true, goBackwards: true }), say()]),
      /layer 2 "gru".*looks ahead/,
    ],
    [
      "a decoder that gives one vector",
      () => made([read(), rnn()], [read(), gru({ units: 4 }), say()]),
      /decoder that scores all tokens at every step.*a vector.*returnSequences: true on "gru_2"/,
    ],
    [
      "a decoder without memory",
      () => made([read(), rnn()], [read(), say()]),
      /decoder.*a recurrent layer.*none/,
    ],
    [
      "an encoder without a code",
      () => made([read()], [read(), rnn(), say()]),
      /encoder.*a recurrent layer or a vector at its end.*a sequence/,
    ],
    [
      "an encoder of vectors where sequences are needed",
      () => made([read(), gru({ units: 4 }), gru({ units: 4 })], [read(), rnn(), say()]),
      /encoder \}\), layer 3 "gru".*a sequence.*Set returnSequences: true on "gru"/,
    ],
    [
      "both directions apart",
      () => made([read(), bidirectional(gru({ units: 4 }), { mergeMode: "none" })], [read(), rnn(), say()]),
      /one output.*one for each direction/,
    ],
    [
      "a stateful layer",
      () => made([read(), gru({ units: 4, stateful: true })], [read(), rnn(), say()]),
      /layer 2 "gru".*stateful/,
    ],
    [
      "too many scores",
      () => made([read(), rnn()], [read(), rnn(), dense({ units: 9 })]),
      /7 tokens of the decoder.s embedding.*got 9/,
    ],
    [
      "an end that is never said",
      () => made([read(), rnn()], [read(), rnn(), dense({ units: 6 })]),
      /endToken from 0 to 5, got 6/,
    ],
    [
      "a start that cannot be read",
      () => seq2seq({ encoder: [read(), rnn()], decoder: [read(), rnn(), say()], startToken: 7, endToken }),
      /startToken from 0 to 6, got 7/,
    ],
    [
      "an option that there is not",
      () => seq2seq({ encoder: [], decoder: [], startToken, endtoken: 1 } as never),
      /seq2seq.*"endtoken".*Did you mean "endToken"/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  test("targets with the tokens of start or end, or with others", async () => {
    const model = made([read(), rnn()], [read(), rnn(), say()]);
    model.compile({ optimizer: "adam" });
    await expect(model.fit([[1]], [[1, endToken]])).rejects.toThrow(
      /target, row 0, token 1.*endToken.*added/,
    );
    await expect(model.evaluate([[1]], [[startToken]])).rejects.toThrow(/token 0.*startToken/);
    await expect(model.fit([[1]], [[7]])).rejects.toThrow(/tokens from 0 to 6.*7/);
    await expect(model.fit([[1], [2]], [[1]])).rejects.toThrow(/2 rows/);
    await expect(model.fit([[7]], [[1]])).rejects.toThrow(/tokens from 0 to 6.*7/);
    await expect(model.fit([[1]], 3 as never)).rejects.toThrow(/target.*nested arrays/);
    await expect(made([read(), rnn()], [read(), rnn(), say()]).fit([[1]], [[1]])).rejects.toThrow(/compile/);
  });

  test("options of generate", async () => {
    const model = made([read(), rnn()], [read(), rnn(), say()]);
    await expect(model.generate([[1]], {} as never)).rejects.toThrow(/maxLength/);
    await expect(model.generate([[1]], { maxLength: 2, beam: 0 })).rejects.toThrow(/beam/);
    await expect(model.generate([[1]], { maxLength: 2, nBest: 2 })).rejects.toThrow(/nBest.*1 at most/);
    await expect(model.generate([[9]], { maxLength: 2 })).rejects.toThrow(/tokens from 0 to 6/);
    const wild = made([read(), rnn()], [read(), rnn(), dense({ units: 7, activation: "exp" })]);
    wild.setWeights(
      wild.getWeights().map(({ data, shape }) =>
        tensor(
          data.map(() => 1000),
          shape,
        ),
      ),
    );
    await expect(wild.generate([[1]], { maxLength: 2 })).rejects.toThrow(/finite/);
  });
});
