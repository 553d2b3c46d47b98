/** What a user may get wrong around training is refused, with the name of the option and what was probably meant. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Node } from "../../src/core/graph/nodes.ts";
import { mean, square, sub } from "../../src/core/graph/operators.ts";
import { setDevice } from "../../src/nn/device.ts";
import { activation } from "../../src/nn/layers/activation.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { simpleRNN } from "../../src/nn/layers/recurrent.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import { type Callback, earlyStopping, modelCheckpoint } from "../../src/nn/train/callbacks.ts";
import { jsonLogger } from "../../src/nn/train/jsonLogger.ts";
import { type Loss, sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { adam, sgd } from "../../src/nn/train/optimizers.ts";

beforeEach(() => setDevice("reference"));

const x = [
  [1, 2],
  [3, 4],
];
const y = [[1], [2]];
function model(optimizer: unknown = "sgd"): Pick<ReturnType<typeof plain>, "fit" | "evaluate" | "predict"> {
  const made = plain();
  made.compile({ optimizer: optimizer as "sgd", loss: "meanSquaredError" });
  return made;
}
const plain = () => sequential(input({ shape: [2] }), dense({ units: 1 }));

test.each([
  [{ batchSize: 0 }, /batchSize: expected a whole number of 1 or more, got 0/],
  [{ batchSize: 1.5 }, /got 1\.5/],
  [{ batchsize: 1 }, /Did you mean "batchSize"\?/],
  [{ classWeight: 2 }, /classWeight: expected an object with the weight of each class/],
  [{ classWeight: { foo: 2 } }, /classWeight: expected whole numbers as keys, got "foo"/],
  [{ classWeight: { 1: -1 } }, /classWeight, class 1: expected a number of 0 or more, got -1/],
  [{ x: [] }, /got "x"/],
  [2, /expected a plain object, got 2/],
])("evaluate with %j", async (options, message) => {
  await expect(model().evaluate(x, y, options as never)).rejects.toThrow(message);
});

test.each([
  [{ batchSize: Number.NaN }, /batchSize: expected a whole number/],
  [{ batch: 1 }, /got "batch"/],
  [{ initialState: 1 }, /initialState: expected a plain object/],
  [{ device: 1 }, /device: expected the name of a device/],
])("predict with %j", async (options, message) => {
  await expect(model().predict(x, options as never)).rejects.toThrow(message);
});

test.each([
  [{ signal: {} }, /signal: expected an AbortSignal/],
  [{ checkpoint: {} }, /checkpoint.*expected the option path/],
  [{ checkpoint: "p", resume: true }, /checkpoint: expected an object, \{ path: .*got "p"/],
  [{ checkpoint: { path: "p", everyStep: 1 } }, /Did you mean "everySteps"\?/],
  [{ callbacks: [() => undefined] }, /callback 0: .*got a function/],
  [{ callbacks: [{ onEpochend: () => undefined }] }, /Did you mean "onEpochEnd"\?/],
  [
    { callbacks: [{ onEpochEnd: () => undefined, onStepsEnd: () => undefined }] },
    /Did you mean "onStepEnd"\?/,
  ],
  [{ callbacks: [{ onEpochEnd: 5 }] }, /onEpochEnd: expected a function, got 5/],
  [{ callbacks: [{ savesTo: 5 }] }, /callback 0\(options\), savesTo: expected a path, got 5/],
  [{ callbacks: [{ writes: "" }] }, /callback 0\(options\), writes: expected a path, got ""/],
  [{ callbacks: [{ getState: 5 }] }, /callback 0\(options\), getState: expected a function, got 5/],
  [{ callbacks: [{ epochEnd: () => undefined }] }, /got "epochEnd". Did you mean "onEpochEnd"\?/],
])("fit with %j", async (options, message) => {
  await expect(model().fit(x, y, options as never)).rejects.toThrow(message);
});

test.each<[string | undefined, readonly Callback[], string]>([
  ["run", [modelCheckpoint({ path: "run/", monitor: "loss" })], "run"],
  ["run", [jsonLogger({ path: "run" })], "run"],
  ["run", [jsonLogger({ path: "./run/config.json" })], "run/config.json"],
  ["run/", [jsonLogger({ path: "other/../run/model.safetensors" })], "run/model.safetensors"],
  [
    undefined,
    [modelCheckpoint({ path: "best" }), jsonLogger({ path: "best/config.json" })],
    "best/config.json",
  ],
  [
    undefined,
    [modelCheckpoint({ path: "best", monitor: "loss" }), modelCheckpoint({ path: "best" })],
    "best",
  ],
  [undefined, [modelCheckpoint({ path: "{epoch}" }), modelCheckpoint({ path: "./{epoch}" })], "{epoch}"],
  [undefined, [jsonLogger({ path: "log.jsonl" }), jsonLogger({ path: "./log.jsonl" })], "log.jsonl"],
])("two that write one path: checkpoint %j and callbacks", async (path, callbacks, twice) => {
  const begun: Callback = {
    onTrainBegin: () => {
      throw new Error("it began");
    },
  };
  const options = {
    callbacks: [begun, ...callbacks],
    ...(path === undefined ? {} : { checkpoint: { path } }),
  };
  await expect(model().fit(x, y, options)).rejects.toThrow(
    `expected a path of its own for checkpoint and for each callback that writes, got two that write ${resolve(twice)}.`,
  );
});

test("a checkpoint of another model or optimizer is called that, not damaged", async () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "unroll-misuse-")));
  const path = join(home, "run");
  const resumed = (units: number, optimizer: "adam" | "rmsprop") => {
    const made = sequential(input({ shape: [2] }), dense({ units }), dense({ units: 1 }));
    made.compile({ optimizer, loss: "meanSquaredError" });
    return made.fit(x, y, { epochs: 2, checkpoint: { path }, resume: true });
  };
  try {
    await resumed(2, "adam");
    await expect(resumed(3, "adam")).rejects.toThrow(
      `${path}: expected a checkpoint of this model, with "dense_1/kernel" [2, 3], got [2, 2]. Resume with`,
    );
    await expect(resumed(2, "rmsprop")).rejects.toThrow(
      "expected a checkpoint of this optimizer, whose slots are velocity, got momentum, velocity. Resume with",
    );
  } finally {
    rmSync(home, { recursive: true });
  }
});

test.each(["m-{epoch:02d}", "{val_loss:.2f}", "{epoch}-{valLoss}", "{batch}", "{loss}"])(
  "a path of Keras's, %s, which would stay as it is",
  (path) => {
    expect(() => modelCheckpoint({ path })).toThrow(
      /path: expected a path, in which \{epoch\} and \{step\} alone/,
    );
  },
);

test("two that write one path, by a link", async () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "unroll-misuse-")));
  mkdirSync(join(home, "run"));
  symlinkSync(join(home, "run"), join(home, "link"));
  const callbacks = [jsonLogger({ path: join(home, "link", "config.json") })];
  await expect(model().fit(x, y, { callbacks, checkpoint: { path: join(home, "run") } })).rejects.toThrow(
    `got two that write ${join(home, "run", "config.json")}.`,
  );
  rmSync(home, { recursive: true });
});

test("a callback may be of a class, and keep what it likes", async () => {
  class Base {
    epochs = 0;
    onEpochEnd(): void {
      this.epochs++;
    }
  }
  class Counter extends Base {
    readonly online = true;
  }
  const counter = new Counter();
  await model().fit(x, y, { epochs: 2, callbacks: [counter] });
  expect(counter.epochs).toBe(2);
});

test.each([
  [() => earlyStopping({ patiense: 2 } as never), /Did you mean "patience"\?/],
  [() => earlyStopping({ patience: -1 }), /patience: expected a whole number of 0 or more, got -1/],
  [() => earlyStopping({ mode: "mix" as never }), /mode: .*Did you mean "min"\?/],
  [() => modelCheckpoint(undefined as never), /modelCheckpoint\(\{ path \}\)/],
  [() => modelCheckpoint({} as never), /expected the option path/],
  [() => modelCheckpoint({ path: "m", everySteps: 0 }), /everySteps/],
  [() => jsonLogger({} as never), /expected the option path/],
  [() => adam({ lr: 0.1 } as never), /Did you mean "learningRate"\?/],
])("callbacks and optimizers with wrong options: %s", (make, message) => {
  expect(make).toThrow(message);
});

test.each([
  [{ loss: "mse" }, /Did you mean "meanSquaredError"\?/],
  [{ loss: "mae" }, /Did you mean "meanAbsoluteError"\?/],
  [{ loss: "crossentropy" }, /Did you mean "categoricalCrossentropy"\?/],
  [{ loss: "binary_crossentropy" }, /Did you mean "binaryCrossentropy"\?/],
  [{ metrics: "mae" }, /metrics: expected a list of metrics.*got "mae"/],
  [{ metrics: [() => undefined] }, /Call the metric/],
  [{ metrics: [{ metric: "constructor", perStep: () => 0 }] }, /One of your own has perStep and a name/],
  [{ metrics: [{ metric: "loss", perStep: () => 0 }] }, /a name, which is not "loss"/],
  [{ optimizer: { ...sgd(), options: undefined } }, /expected an optimizer: .*got object/],
  [{ metrics: { other: ["mae"] } }, /outputs of the model: .*got "other"/],
  [{ metrics: { output: "mae" } }, /output "output": expected a list/],
])("compile with %j", (options, message) => {
  const made = plain();
  expect(() => made.compile({ optimizer: "sgd", loss: "meanSquaredError", ...options } as never)).toThrow(
    message,
  );
});

test.each([
  ["a number", () => 3, "3"],
  ["nothing", () => undefined, "undefined"],
  ["a number for each feature", (a: Node, b: Node) => square(sub(a, b)), "[rows, 2]"],
] as const)("a loss or metric of one's own that gives %s", async (_, perStep, got) => {
  const wide = sequential(input({ shape: [2] }), dense({ units: 2 }));
  const said = (what: string) => `${what} "own": expected a value made by operators, [rows, 1], got ${got}.`;
  wide.compile({ optimizer: "sgd", loss: { loss: "own", perStep: perStep as Loss["perStep"] } });
  await expect(wide.evaluate(x, x)).rejects.toThrow(said("the loss"));
  const metrics = [{ metric: "own", perStep: perStep as Loss["perStep"] }];
  wide.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics });
  await expect(wide.trainOnBatch(x, x)).rejects.toThrow(said("the metric"));
});

test("an activation of one's own that is no function of symbols, or gives another shape", async () => {
  const withActivation = (f: unknown) =>
    sequential(input({ shape: [2] }), activation(f as "tanh")).predict(x);
  await expect(withActivation(Math.tanh)).rejects.toThrow(
    'layer 1 "activation_1", activation: expected a value made by operators, [rows, 2], got NaN.',
  );
  await expect(withActivation((a: Node) => mean(a))).rejects.toThrow("[rows, 2], got [rows, 1]");
});

test("a model is saved and loaded by a path", async () => {
  await expect(plain().save(undefined as never)).rejects.toThrow(/model\.save\(path\): expected a path/);
});

describe("a learning rate that is not finite", () => {
  test.each([
    ["reference", Number.NaN, /got NaN/],
    ["wasm", Number.NaN, /got NaN/],
    ["wasm", 1e39, /got 1e\+39, which is Infinity in float32/],
  ] as const)("leaves the weights of the step before, on %s: %s", async (name, rate, got) => {
    setDevice(name, { threads: 1 });
    const made = plain();
    const learningRate = (step: number): number => (step === 2 ? rate : 0.01);
    made.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
    const seen: (readonly number[])[] = [];
    const weights = (): readonly number[] => made.getWeights().flatMap(({ data }: Tensor) => [...data]);
    const watch = { onStepEnd: () => void seen.push(weights()) };
    const failing = made.fit(x, y, { epochs: 4, callbacks: [watch] });
    await expect(failing).rejects.toThrow(got);
    await expect(failing).rejects.toThrow(
      /optimizer "sgd", training step 3: expected a learning rate that is a finite number/,
    );
    expect(seen).toHaveLength(2);
    expect(weights()).toEqual(seen[1]);
  });
});

test.each<[object, "binaryCrossentropy" | "categoricalCrossentropy", number, RegExp | null]>([
  [{ 0: 1, 1: 5 }, "binaryCrossentropy", 1, null],
  [{ 2: 5 }, "binaryCrossentropy", 1, /classWeight: expected classes from 0 to 1, got "2"/],
  [{ 2: 5 }, "categoricalCrossentropy", 3, null],
  [{ 3: 5 }, "categoricalCrossentropy", 3, /classWeight: expected classes from 0 to 2, got "3"/],
])("classWeight %j with %s", async (classWeight, loss, units, message) => {
  const made = sequential(input({ shape: [2] }), dense({ units, activation: "sigmoid" }));
  made.compile({ optimizer: "sgd", loss });
  const hot = x.map(() => Array.from({ length: units }, (_, k) => (k === 0 ? 1 : 0)));
  const work = made.trainOnBatch(x, hot, { classWeight } as never);
  await (message === null ? expect(work).resolves.toBeDefined() : expect(work).rejects.toThrow(message));
});

test("weights of steps where an output has none of these steps", async () => {
  const from = input({ shape: [null, 1] });
  const [steps, last] = [simpleRNN({ units: 1, returnSequences: true })(from), simpleRNN({ units: 1 })(from)];
  const made = functional({ inputs: from, outputs: [steps, last] });
  made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const sequence = [[1], [2], [3]];
  const work = (sampleWeight: never): Promise<unknown> =>
    made.trainOnBatch(
      [sequence, sequence],
      [
        [sequence, sequence],
        [[1], [2]],
      ],
      { sampleWeight },
    );
  await expect(
    work([
      [1, 1, 1],
      [0, 0, 0],
    ] as never),
  ).rejects.toThrow(
    /^sampleWeight: expected one number a row: the output "output_2" has not the steps of the first, got one number a step/,
  );
  await work([1, 0] as never);
});

test("a class that is ignored may have a weight", async () => {
  const made = sequential(input({ shape: [2] }), dense({ units: 3, activation: "softmax" }));
  made.compile({ optimizer: "sgd", loss: sparseCategoricalCrossentropy({ ignoreClass: -1 }) });
  await made.fit(x, [[-1], [0]], { classWeight: { [-1]: 0, 0: 2 }, verbose: 0 });
});

test("one-hot targets of a loss that takes classes", async () => {
  const made = sequential(input({ shape: [2] }), dense({ units: 3, activation: "softmax" }));
  made.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  const hot = [
    [0, 1, 0],
    [0, 0, 1],
  ];
  await expect(made.fit(x, hot)).rejects.toThrow(/got 3 numbers for each.*"categoricalCrossentropy"/);
  await expect(made.fit(x, [[0, 1], [1]])).rejects.not.toThrow(/categoricalCrossentropy/);
});
