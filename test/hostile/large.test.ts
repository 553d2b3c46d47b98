/**
 * Small files that ask for much, and large ones: what is refused is refused before it is made, and the time that reading
 * takes grows with the bytes of a file, not with the numbers in it.
 */
import { describe, expect, test, vi } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { networkFrom } from "../../src/nn/model/architecture.ts";
import { jsonFrom } from "../../src/nn/model/fields.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/nn/model/safetensors.ts";

vi.stubEnv("UNROLL_DEBUG", ""); // as users have it

type Json = Readonly<Record<string, unknown>>;
const series: Json = { name: null, shape: [null, 2], dtype: "float32" };
const structure = (count: number): Json =>
  count === 1
    ? { as: "one", names: ["a"] }
    : { as: "list", names: Array.from({ length: count }, (_, k) => `n${k}`) };
const last = (calls: readonly unknown[], output = "0"): Json => ({ call: calls.length - 1, output });

/** A model of one input, or of those given. */
function modelOf(layers: readonly Json[], calls: readonly Json[], more: Json = {}): Json {
  const inputs = (more["inputs"] as readonly Json[] | undefined) ?? [series];
  const outputs = [last(calls, layers.length > 0 ? "output" : "0")];
  const all = { kind: "functional", seed: 1, inputs, layers, calls, outputs };
  return { ...all, inputsAs: structure(inputs.length), outputsAs: structure(1), ...more };
}
const before = (k: number, output: string): Json => (k === 0 ? { input: 0 } : { call: k - 1, output });
/** As many calls, each of the one before. */
const chain = (count: number, call: (from: Json, k: number) => Json, output: string): Json[] =>
  Array.from({ length: count }, (_, k) => call(before(k, output), k));
const operated = (operator: string, ...inputs: readonly Json[]): Json => ({
  operator,
  operands: inputs.map(() => null),
  inputs,
});
/** A layer without weights, called on the input. */
const alone = (layer: string, options: Json, inner?: Json): Json =>
  modelOf([{ layer, options, ...(inner && { inner }) }], [{ layer: 0, inputs: [{ input: 0 }] }]);
const nested = (layer: string, depth: number, options: Json = {}): Json =>
  depth === 0
    ? { layer: "lstm", options: { units: 1, returnSequences: true } }
    : { layer, options, inner: nested(layer, depth - 1, options) };

const models: readonly (readonly [name: string, make: () => Json])[] = [
  [
    "a chain of 20,000 operators",
    () =>
      modelOf(
        [],
        chain(20_000, (from) => operated("tanh", from), "0"),
      ),
  ],
  [
    "a chain of 400 sums of a thing with itself",
    () =>
      modelOf(
        [],
        chain(400, (x) => operated("add", x, x), "0"),
      ),
  ],
  [
    "a width that doubles 60 times",
    () =>
      modelOf(
        [],
        chain(60, (x) => operated("concat", x, x), "0"),
      ),
  ],
  [
    "20,000 layers",
    () =>
      modelOf(
        Array.from({ length: 20_000 }, () => ({ layer: "activation", options: { activation: "tanh" } })),
        chain(20_000, (from, k) => ({ layer: k, inputs: [from] }), "output"),
      ),
  ],
  [
    "one layer called 20,000 times",
    () =>
      modelOf(
        [{ layer: "activation", options: { activation: "tanh" } }],
        chain(20_000, (from) => ({ layer: 0, inputs: [from] }), "output"),
      ),
  ],
  [
    "20,000 inputs that meet",
    () => {
      const inputs = Array.from({ length: 20_000 }, () => series);
      const calls = chain(19_999, (from, k) => operated("add", from, { input: k + 1 }), "0");
      return modelOf([], calls, { inputs });
    },
  ],
  [
    "100,000 outputs",
    () => {
      const outputs = Array.from({ length: 100_000 }, () => ({ call: 0, output: "0" }));
      return modelOf(
        [],
        chain(1, (from) => operated("tanh", from), "0"),
        {
          outputs,
          outputsAs: structure(100_000),
        },
      );
    },
  ],
  [
    "operators of 4000 operands",
    () =>
      modelOf(
        [],
        chain(10, (x) => operated("concat", ...Array.from({ length: 4000 }, () => x)), "0"),
      ),
  ],
  [
    "both directions 30 times",
    () => modelOf([nested("bidirectional", 30)], [{ layer: 0, inputs: [{ input: 0 }] }]),
  ],
  [
    "each step 25 times",
    () => modelOf([nested("timeDistributed", 25)], [{ layer: 0, inputs: [{ input: 0 }] }]),
  ],
  ...(
    [
      ["dense", { units: 2e9 }],
      ["lstm", { units: 1e9 }],
      ["lstm", { units: 1, cellsPerBlock: 1e9 }],
      ["conv1d", { filters: 1, kernelSize: 1e9 }],
      ["conv1d", { filters: 1, kernelSize: 2, dilationRate: 1e9 }],
      ["delayTaps", { taps: 1e9 }],
      ["delayTaps", { taps: 1e6 }],
      ["maxPooling1d", { poolSize: 1e9 }],
      ["maxPooling1d", { poolSize: 1e9, strides: 1, padding: "same" }],
      ["averagePooling1d", { poolSize: 1e6, strides: 1 }],
      ["slstm", { units: 1e9, heads: 1e9 }],
      ["lru", { units: 1, stateUnits: 1e9 }],
      ["gaussianMixture", { units: 1e5, components: 1e5 }],
      ["quantiles", { units: 1e9, probabilities: [0.5] }],
      ["crf", { units: 1e9 }],
      ["jordanRNN", { units: 1e9, outputUnits: 1e9 }],
      ["embedding", { inputDim: 1e15, outputDim: 1e15 }],
    ] as const
  ).map(([layer, options]) => [`${layer}(${JSON.stringify(options)})`, () => alone(layer, options)] as const),
  ...(
    [
      ["conv2d", { filters: 1, kernelSize: 1e9 }],
      ["maxPooling2d", { poolSize: 1e9, padding: "same" }],
      ["maxPooling2d", { poolSize: 1e4, strides: 1, padding: "same" }],
    ] as const
  ).map(
    ([layer, options]) =>
      [
        `${layer}(${JSON.stringify(options)})`,
        () => ({
          ...alone(layer, options),
          inputs: [{ name: null, shape: [2e4, 2e4, 1], dtype: "float32" }],
        }),
      ] as const,
  ),
  [
    "repeatVector({ n: 1e9 })",
    () => ({
      ...alone("repeatVector", { n: 1e9 }),
      inputs: [{ name: null, shape: [2e9], dtype: "float32" }],
    }),
  ],
];

/** Of the processor: the machine may be busy. Each takes about one. */
const seconds = 10;

function outcome(read: () => unknown): string {
  const began = process.cpuUsage();
  let said = "value";
  try {
    read();
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    said = error.message;
  }
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(seconds);
  expect(said.length).toBeLessThan(4000);
  return said;
}

test.each(models)("%s", (_, make) => {
  const bytes = new TextEncoder().encode(JSON.stringify(make()));
  outcome(() =>
    networkFrom(jsonFrom(bytes, "config.json"), { cells: [], weights: new Map() }, "config.json"),
  );
});

describe("files of tensors", () => {
  test("50,000 tensors without numbers", () => {
    const one = { dtype: "F32" as const, shape: [0], data: new Float32Array(0) };
    const bytes = encodeSafetensors(new Map(Array.from({ length: 50_000 }, (_, k) => [`t${k}`, one])));
    expect(outcome(() => decodeSafetensors(bytes, "a"))).toBe("value");
  });
  test.each([
    ["[", 20_000_000],
    ['{"a":', 2_000_000],
    ["[[],", 2_000_000],
  ])("a header of %s, again and again", (part, count) => {
    const json = new TextEncoder().encode(`{"a":${part.repeat(count)}`);
    const bytes = new Uint8Array(8 + json.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    expect(outcome(() => decodeSafetensors(bytes, "a"))).toMatch(/header: expected at most 64 levels/);
  });
});
