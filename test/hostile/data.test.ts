/** Data that nobody can train on is refused wherever it goes in, with the name of the array and the index. */
import { beforeAll, describe, expect, test } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { setDevice } from "../../src/nn/device.ts";
import { backpropagationSteps } from "../../src/nn/insight/backpropagation.ts";
import { inspect } from "../../src/nn/insight/inspect.ts";
import { attention } from "../../src/nn/layers/attention.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import { ctcDecode } from "../../src/nn/model/ctcDecode.ts";
import { ragged } from "../../src/nn/model/ragged.ts";
import { tensor } from "../../src/nn/model/tensor.ts";
import { functional, loadModel, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { seq2seq } from "../../src/nn/seq2seq/seq2seq.ts";

beforeAll(() => setDevice("reference"));

const compile = { optimizer: "sgd", loss: "meanSquaredError" } as const;
function made(...layers: readonly unknown[]): Model {
  const model = (sequential as unknown as (...all: readonly unknown[]) => Model)(...layers);
  model.compile(compile);
  return model;
}
const series = (): Model =>
  made(input({ shape: [null, 2] }), lstm({ units: 2, returnSequences: true }), dense({ units: 1 }));
const fixed = (): Model => made(input({ shape: [2, 2] }), flatten(), dense({ units: 1 }));
const tokens = (): Model =>
  made(
    embedding({ inputDim: 5, outputDim: 2 }),
    lstm({ units: 2, returnSequences: true }),
    dense({ units: 1 }),
  );

const good = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
];
const goodY = [
  [[1], [2]],
  [[3], [4]],
];
const words = [
  [0, 1],
  [2, 3],
];
/** The good data with another value at one place. */
function withAt(data: unknown, path: readonly number[], value: unknown): unknown {
  const [k, ...rest] = path;
  if (k === undefined) return value;
  return (data as readonly unknown[]).map((one, at) => (at === k ? withAt(one, rest, value) : one));
}
const cyclic: unknown[] = [];
cyclic.push(cyclic);
let deep: unknown = 1;
for (let k = 0; k < 50_000; k++) deep = [deep];

/** The first of `list`, and holes for the others. */
const holed = (list: readonly unknown[]): unknown[] => Object.assign(new Array(list.length), { 0: list[0] });

/** What is wrong, and what the error has to say of the place. */
const bad: readonly (readonly [name: string, model: () => Model, x: unknown, place: RegExp])[] = [
  ["one axis less", series, [[1, 2]], /^x, row 0: expected \[time, 2\], got \[2\]/],
  ["one axis more", series, [[[[1, 2]]]], /^x, row 0: expected \[time, 2\], got \[1, 1, 2\]/],
  ["another width", series, [good[0], [[1, 2, 3]]], /^x, row 1: expected \[time, 2\], got \[1, 3\]/],
  ["a width that changes", series, withAt(good, [1, 1], [1]), /^x, row 1, at \[1\]: expected an array of 2/],
  ["a number for a step", series, withAt(good, [1, 1], 5), /^x, row 1, at \[1\]: expected an array of 2/],
  [
    "other lengths where there is one",
    fixed,
    [good[0], [[1, 2]]],
    /^x, row 1: expected \[2, 2\], got \[1, 2\]/,
  ],
  [
    "ragged where there is one length",
    fixed,
    ragged([good[0] ?? [], [[1, 2]]]),
    /^x, row 1: expected \[2, 2\]/,
  ],
  [
    "NaN",
    series,
    withAt(good, [1, 1, 0], Number.NaN),
    /^x, row 1, number 2: expected finite numbers, got NaN/,
  ],
  [
    "infinity",
    series,
    withAt(good, [0, 0, 1], Number.NEGATIVE_INFINITY),
    /^x, row 0, number 1: .*got -Infinity/,
  ],
  [
    "more than float32 holds",
    series,
    withAt(good, [1, 1, 0], 1e39),
    /^x, row 1, number 2: expected finite numbers, got 1e\+39, which is Infinity in float32/,
  ],
  [
    "rows without end",
    series,
    tensor([], [2 ** 33, 0, 2]),
    /^x: expected at most 33554432 rows, got 8589934592/,
  ],
  ["NaN in a tensor", series, tensorWithNaN(), /^x, row 1, number 0: .*got NaN/],
  ["a text", series, withAt(good, [1, 0, 1], "2"), /^x, row 1, at \[0\]\[1\]: expected a number.*got "/],
  ["null", series, withAt(good, [1, 0, 1], null), /^x, row 1, at \[0\]\[1\]: expected a number.*got null/],
  ["a hole", series, [good[0], new Array(2)], /^x, row 1/],
  ["a hole among the rows", series, holed(good), /^x, row 1, at the top: expected a number.*got undefined/],
  ["a hole among rows of tokens", tokens, holed(words), /^x, row 1, at the top: .*got undefined/],
  ["nothing but holes", series, new Array(2), /^x, row 0/],
  ["nothing", series, undefined, /^x: expected nested arrays/],
  ["no rows", series, [], /^x: expected at least one row/],
  ["an object", series, { length: 2 }, /^x: expected nested arrays/],
  ["a typed array without a shape", series, new Float32Array(4), /^x: .*tensor\(values/],
  [
    "a token too high",
    tokens,
    withAt(words, [1, 1], 5),
    /^x, row 1, token 1: expected tokens from 0 to 4, got 5/,
  ],
  ["a token below 0", tokens, withAt(words, [0, 1], -1), /^x, row 0, token 1: .*got -1/],
  [
    "half a token",
    tokens,
    withAt(words, [1, 0], 0.5),
    /^x, row 1, number 0: expected whole numbers, got 0.5/,
  ],
  ["a token beyond 32 bits", tokens, withAt(words, [1, 0], 2 ** 32 + 1), /^x, row 1/],
  ["big integers", tokens, [new BigInt64Array(2)], /^x, row 0, number 0: expected whole numbers, got 0/],
  ["NaN among tokens", tokens, withAt(words, [1, 0], Number.NaN), /^x, row 1, number 0: .*got NaN/],
  ["an array inside itself", series, cyclic, /^x/],
  ["nesting without end", series, [deep], /^x, row 0/],
];

function tensorWithNaN(): unknown {
  const x = tensor(good);
  x.data[4] = Number.NaN;
  return x;
}

const entries: readonly (readonly [name: string, run: (model: Model, x: unknown, y: unknown) => unknown])[] =
  [
    ["predict", (model, x) => model.predict(x as never)],
    ["fit", (model, x, y) => model.fit(x as never, y as never, { verbose: 0 })],
    ["evaluate", (model, x, y) => model.evaluate(x as never, y as never)],
    ["trainOnBatch", (model, x, y) => model.trainOnBatch(x as never, y as never)],
    ["gradients", (model, x, y) => model.gradients(x as never, y as never)],
    ["inspect", (model, x) => inspect(model, x as never)],
  ];

async function told(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UnrollError) return error.message;
    throw error;
  }
  return "nothing";
}

describe.each(entries)("x of %s", (_, run) => {
  test.each(bad)("%s", async (__, model, x, place) => {
    const made = model();
    const before = made.getWeights().map(({ data }) => [...data]);
    const message = await told(() => run(made, x, goodY));
    expect(message.replace(/^(model\.\w+|inspect)\([\w, ]*x\)/, "x")).toMatch(place);
    expect(made.getWeights().map(({ data }) => [...data])).toEqual(before);
  });
});

describe("targets, weights of samples, and all else that is given with them", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "NaN",
      () => series().fit(good, withAt(goodY, [1, 0, 0], Number.NaN) as never, {}),
      /^y, row 1, number 0/,
    ],
    [
      "another width",
      () => series().fit(good, [[[1, 2]], [[3, 4]]] as never, {}),
      /^y, row 0: expected \[time, 1\]/,
    ],
    ["other lengths", () => series().fit(good, [[[1]], [[3], [4]]] as never, {}), /^row 0: expected 2 steps/],
    ["fewer rows", () => series().fit(good, [[[1], [2]]] as never, {}), /^x and y: expected 2 rows/],
    ["a class too high", () => classes([[0], [3]]), /^y, row 1: expected classes from 0 to 2, got 3/],
    ["a class below 0", () => classes([[-2], [0]]), /^y, row 0: expected classes from 0 to 2, got -2/],
    [
      "a class too high in a sequence",
      () =>
        tagged([
          [0, 1],
          [2, 3, 0],
        ]),
      /^y, row 1, number 1: expected classes from 0 to 2, got 3/,
    ],
    ["half a class", () => classes([[0.5], [0]]), /^y, row 0, number 0: expected whole numbers/],
    ["weights of samples: NaN", () => weighed([1, Number.NaN]), /^sampleWeight, row 1, number 0/],
    ["weights of samples: too few", () => weighed([1]), /expected 2 rows/],
    [
      "validation: NaN",
      () =>
        series().fit(good, goodY, { validationData: [withAt(good, [0, 0, 0], Number.NaN), goodY] as never }),
      /x, row 0, number 0/,
    ],
    ["a weight of another shape", () => void series().setWeights([[1]]), /expected 5 weights, got 1/],
    [
      "a weight that is NaN",
      () => withWeight(Number.NaN),
      /^model\.setWeights\(weights\), "lstm_1\/kernel", number 0/,
    ],
    ["a step of a session: NaN", () => session().push([1, Number.NaN]), /^session\.push\(x\), number 1/],
    [
      "a step of a session: another width",
      () => session().push([1]),
      /^session\.push\(x\): expected one step, \[2\]/,
    ],
    ["an input of several", () => several([1, Number.NaN]), /"b", row 1, number 0: .*got NaN/],
    [
      "first states",
      () => series().predict(good, { initialState: { h: [[1, Number.NaN]], c: [[1, 2]] } } as never),
      /initialState/,
    ],
  ])("%s", async (_, run, place) => {
    expect(await told(run)).toMatch(place);
  });
});

describe("a hole in an array, which is no value", () => {
  const trained = (y: unknown, options = {}): unknown =>
    series().fit(good, y as never, { verbose: 0, ...options });
  const one = good.slice(0, 1);
  const state = { h: new Array(1), c: new Array(1) };
  const symbol = input({ shape: [2] });
  const ends = (name: string, other: string): unknown =>
    functional({ [other]: symbol, [name]: new Array(2) } as never);
  test.each<[string, () => unknown, RegExp]>([
    ["targets", () => trained(holed(goodY)), /^y, row 1/],
    ["targets of a batch", () => series().trainOnBatch(good, holed(goodY) as never), /^y, row 1/],
    ["classes", () => classes(holed([[0], [1]])), /^y, row 1/],
    ["labels", () => labels(new Array(1)), /^y, row 0/],
    ["targets of inspect", () => inspect(series(), good, { y: holed(goodY) as never }), /^y, row 1/],
    ["the explanation", () => backpropagationSteps(series(), new Array(1) as never, goodY), /^x, row 0/],
    ["weights of samples", () => trained(goodY, { sampleWeight: holed([1, 1]) }), /^sampleWeight, row 1/],
    ["all of them", () => trained(goodY, { sampleWeight: new Array(2) }), /^sampleWeight, row 0/],
    ["null for one", () => trained(goodY, { sampleWeight: [1, null] }), /^sampleWeight, row 1.*got null/],
    ["undefined for one", () => trained(goodY, { sampleWeight: [undefined, 1] }), /^sampleWeight, row 0/],
    ["what says it is a tensor", () => trained(goodY, { sampleWeight: { shape: null } }), /^sampleWeight/],
    [
      "validation",
      () => trained(goodY, { validationData: [holed(good), goodY] }),
      /^validationData, x, row 1/,
    ],
    [
      "its targets",
      () => trained(goodY, { validationData: [good, holed(goodY)] }),
      /^validationData, y, row 1/,
    ],
    [
      "its weights",
      () => trained(goodY, { validationData: [good, goodY, new Array(2)] }),
      /^validationData, samp/,
    ],
    ["callbacks", () => trained(goodY, { callbacks: new Array(1) }), /callback 0: .*got undefined/],
    ["first states", () => series().predict(one, { initialState: state } as never), /initialState.*h, row 0/],
    ["weights", () => void series().setWeights(new Array(5)), /setWeights\(weights\), "lstm_1\/kernel"/],
    ["sequences", () => ragged(holed([[1], [2]]) as never), /^ragged\(sequences\), sequence 1/],
    ["logits", () => ctcDecode(new Array(2)), /^ctcDecode\(logits\), row 0/],
    [
      "a series",
      () => square().forecast(new Array(2) as never, { steps: 1 }),
      /^model\.forecast\(x\), row 0/,
    ],
    ["a step", () => session().push(new Array(2)), /^session\.push\(x\), number 0/],
    ["one of several inputs", () => several(holed([1, 2]) as number[]), /"b", row 1/],
    ["the inputs", () => ends("inputs", "outputs"), /^functional\(\{ inputs \}\).*got undefined as "0"/],
    ["the outputs", () => ends("outputs", "inputs"), /^functional\(\{ outputs \}\).*got undefined as "0"/],
    ["operands", () => attention()(new Array(2) as never), /^layer "attention", query.*got undefined/],
    [
      "layers of a decoder",
      () => translator(),
      /^seq2seq\(\{ decoder \}\), layer 2: expected a layer, got none/,
    ],
    ["cells", () => loadModel("nowhere", { cells: new Array(1) }), /^loadModel\(options\), cells/],
    ["a shape", () => input({ shape: new Array(2) }), /^input\(options\), shape/],
    ["the shape of a tensor", () => tensor([1], new Array(1)), /^tensor\(values, shape\)/],
    ["metrics", () => metrics(new Array(1)), /^model\.compile\(\{ metrics \}\).*got undefined at \[0\]/],
  ])("%s", async (_, run, place) => {
    expect(await told(run)).toMatch(place);
  });
});

const square = () => sequential(input({ shape: [null, 2] }), lstm({ units: 2, returnSequences: true }));
const metrics = (list: readonly unknown[]): void =>
  series().compile({ ...compile, metrics: list as readonly "mae"[] });
const translator = (): unknown =>
  seq2seq({
    encoder: [input({ shape: [null, 1] }), lstm({ units: 2 })],
    decoder: holed([embedding({ inputDim: 5, outputDim: 2 }), 0]) as never,
    startToken: 0,
    endToken: 1,
  });
function labels(y: unknown): unknown {
  const model = sequential(input({ shape: [null, 2] }), dense({ units: 3 }));
  model.compile({ optimizer: "sgd", loss: "ctc" });
  return model.fit(good, y as never, { verbose: 0 });
}
function classes(y: unknown): unknown {
  const model = sequential(input({ shape: [2] }), dense({ units: 3, activation: "softmax" }));
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  return model.fit(
    [
      [1, 2],
      [3, 4],
    ],
    y as never,
    { verbose: 0 },
  );
}
function tagged(y: readonly (readonly number[])[]): unknown {
  const model = sequential(
    input({ shape: [null, 1] }),
    lstm({ units: 3, returnSequences: true, activation: "softmax" }),
  );
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  return model.fit(y.map((row) => row.map((_, k) => [k])) as never, y as never, { verbose: 0 });
}
const weighed = (sampleWeight: unknown): unknown =>
  series().fit(good, goodY, { sampleWeight: sampleWeight as never, verbose: 0 });
function withWeight(value: number): void {
  const model = series();
  const [first, ...rest] = model.getWeights();
  if (first !== undefined) first.data[0] = value;
  model.setWeights([first as never, ...rest]);
}
const session = (): { push(x: unknown): unknown } =>
  sequential(input({ shape: [null, 2] }), lstm({ units: 2 })).session() as unknown as {
    push(x: unknown): unknown;
  };
function several(b: readonly number[]): unknown {
  const [one, two] = [input({ shape: [1], name: "a" }), input({ shape: [1], name: "b" })];
  const model = functional({
    inputs: [one, two],
    outputs: [dense({ units: 1 })(one), dense({ units: 1 })(two)],
  });
  return model.predict([[[1], [2]], b.map((x) => [x])] as never);
}
