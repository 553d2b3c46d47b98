/**
 * Planted faults that numbers of outside systems must notice: an equation that is not the one meant has right
 * gradients, so central differences say nothing. Each stands in the traced graph, before that is differentiated;
 * the same case without it passes.
 */
import { describe, expect, test } from "vitest";
import { constant, make, withInputs } from "../../src/core/graph/build.ts";
import type { Node, Resampling } from "../../src/core/graph/nodes.ts";
import { add, mul, sqrt, tanh } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { caseNamed, devices, type Tested } from "../parity/close.ts";
import { expectKeras, modelCases } from "../parity/keras.ts";
import { expectTorch, layerCases } from "../parity/torch.ts";
import { at, fault, inForward, isConstant, named, nothing, nth, scans, swapped } from "./plant.ts";

const [reference] = devices as [Tested];
const noticed = /the largest difference/;

const lstm = "lstm batch 3 steps 5 features 2 units 3 layers 2 bias double given states lengths";
const single = "lstm batch 4 steps 5 features 5 units 5 layers 1 bias single given states lengths";
const gru = "gru batch 2 steps 7 features 4 units 6 layers 1 bias double given states lengths";
const simple = "simpleRNN batch 4 steps 5 features 5 units 5 layers 1 bias single given states lengths";
const both = "bidirectional gru batch 3 steps 5 features 2 units 4 layers 1 bias double lengths";

/** Is it the bias, or a row of it? */
const isBias = (node: Node | undefined): boolean =>
  node !== undefined &&
  (/\/bias$/.test(node.op === "parameter" ? node.attributes.name : "") ||
    (node.op !== "parameter" && ["reshape", "sliceRows"].includes(node.op) && isBias(node.inputs[0])));
const withoutBias: Rule = at("add", (node) => (isBias(node.inputs[1]) ? node.inputs[0] : node));

const inTorch: readonly (readonly [what: string, name: string, rule: () => Rule])[] = [
  ["the bias is dropped", single, () => inForward(withoutBias)],
  ["one of two biases is dropped", lstm, () => inForward(nth(1, withoutBias))],
  ["gates i and f are swapped", lstm, () => swapped(0, 1)],
  ["gates g and o are swapped", lstm, () => swapped(2, 3)],
  ["gates z and r are swapped", gru, () => swapped(0, 1)],
  [
    "the candidate is weighed by z, not by 1 - z",
    gru,
    () => inForward(at("sub", (node) => (isConstant(node.inputs[0], 1) ? node.inputs[1] : node))),
  ],
  [
    "the new c is not squashed on its way to h",
    lstm,
    () =>
      inForward(
        at("tanh", (node) =>
          node.inputs[0].op === "add" && node.inputs[0].inputs[0].op === "mul" ? node.inputs[0] : node,
        ),
      ),
  ],
  [
    "h is made of the c before",
    lstm,
    () =>
      inForward(
        at("tanh", (node) =>
          node.inputs[0].op === "add" && node.inputs[0].inputs[0].op === "mul"
            ? tanh(node.inputs[0].inputs[0].inputs[1])
            : node,
        ),
      ),
  ],
  [
    "a state that is given begins as zeros",
    simple,
    () => scans(false, (parts) => ({ ...parts, initial: parts.initial.map(nothing) })),
  ],
  [
    "the recurrent product is left out",
    simple,
    () => inForward(at("matmul", (node) => (named(node.inputs[0], "h") ? nothing(node) : node))),
  ],
  [
    "the recurrent kernel is transposed",
    simple,
    () =>
      inForward(
        at("matmul", (node) =>
          named(node.inputs[0], "h")
            ? make("matmul", [node.inputs[0], make("transpose", [node.inputs[1]], {})], {})
            : node,
        ),
      ),
  ],
  [
    "the backward direction is not turned back",
    both,
    () => at("reverse", (node) => (node.inputs[0].op === "output" ? node.inputs[0] : node)),
  ],
  [
    "both directions read forwards",
    both,
    () => at("reverse", (node) => (node.inputs[0].op === "output" ? node : node.inputs[0])),
  ],
  [
    "the two directions change places",
    both,
    () => at("concat", (node) => withInputs(node, node.inputs.toReversed())),
  ],
];

describe("PyTorch notices that", () => {
  test.each(inTorch)("%s (%s)", (_, name, rule) => {
    const one = caseNamed(layerCases, name);
    expectTorch(one, reference);
    expect(() => expectTorch(one, reference, fault(rule()))).toThrow(noticed);
  });
  test("padded steps are run", () => {
    const one = caseNamed(layerCases, simple);
    expect(() => expectTorch({ ...one, lengths: null }, reference)).toThrow(noticed);
  });
  test("the reset gate acts before the product instead of after", () => {
    const one = caseNamed(layerCases, gru);
    const other = { ...one, options: { ...one.options, resetAfter: false } };
    expect(() => expectTorch(other, reference)).toThrow(noticed);
  });
});

const masked = at("where", (node) =>
  node.inputs[0].shape.at(-1) === 1 && !isConstant(node.inputs[2]) ? node.inputs[1] : node,
);
/** A window that reads other steps. */
const resampled = (change: (attributes: Resampling) => Partial<Resampling>): Rule =>
  at("resample", (node) => make("resample", node.inputs, { ...node.attributes, ...change(node.attributes) }));
const inKeras: readonly (readonly [what: string, name: string, rule: () => Rule])[] = [
  ["the mask is not looked at", "lstm mask middle", () => inForward(masked)],
  [
    "a masked step keeps the state, but gives its own output",
    "gru mask middle returnSequences",
    () =>
      scans(false, (parts) => ({
        ...parts,
        body: { ...parts.body, stacked: parts.body.stacked.map((node) => node.inputs[1] as Node) },
      })),
  ],
  [
    "a masked step gives zeros instead of the output before it",
    "simpleRNN mask middle returnSequences",
    () =>
      scans(false, (parts) => ({
        ...parts,
        body: {
          ...parts.body,
          stacked: parts.body.stacked.map((node) =>
            node.op === "where" ? withInputs(node, [node.inputs[0], node.inputs[1], constant(0)]) : node,
          ),
        },
      })),
  ],
  [
    "the mask is not turned with its sequence",
    "lstm mask middle goBackwards",
    () => at("reverse", (node) => (node.shape.at(-1) === 1 ? node.inputs[0] : node)),
  ],
  [
    "the reset gate acts after the product instead of before",
    "gru resetAfter False bias none",
    () =>
      inForward(
        at("matmul", (node) =>
          node.inputs[0].op === "mul"
            ? mul(node.inputs[0].inputs[0], make("matmul", [node.inputs[0].inputs[1], node.inputs[1]], {}))
            : node,
        ),
      ),
  ],
  [
    "epsilon is added to the deviation, not to the variance",
    "layerNormalization",
    () =>
      at("sqrt", ({ inputs: [sum] }) =>
        sum.op === "add" ? add(sqrt(sum.inputs[0]), sum.inputs[1]) : sqrt(sum),
      ),
  ],
  [
    "the variance is not centred",
    "layerNormalization",
    () =>
      at("mul", (node) => {
        const [x, same] = node.inputs;
        return x === same && x.op === "sub" ? mul(x.inputs[0], x.inputs[0]) : node;
      }),
  ],
  [
    "two directions are added, not averaged",
    "bidirectional gru ave",
    () => at("mul", (node) => (isConstant(node.inputs[1], 0.5) ? node.inputs[0] : node)),
  ],
  [
    "the places of a window change sides",
    "conv1d kernelSize 4 padding same steps 6",
    () => at("concat", (node) => withInputs(node, node.inputs.toReversed())),
  ],
  [
    "the zeros before the beginning are rounded up",
    "conv1d kernelSize 2 strides 2 padding same steps 5",
    () => resampled(({ offset }) => ({ offset: offset - 1 })),
  ],
  [
    "windows begin one step late",
    "conv1d kernelSize 3 strides 2 padding valid steps 7",
    () => resampled(({ offset }) => ({ offset: offset + 1 })),
  ],
  [
    "a window is taken at every step",
    "maxPooling1d poolSize 2 steps 5",
    () => resampled(() => ({ stride: 1 })),
  ],
  [
    "a causal window sees one step ahead",
    "conv1d kernelSize 3 dilationRate 2 padding causal steps 7",
    () => resampled(({ offset }) => ({ offset: offset + 1 })),
  ],
  [
    "zeros beyond the ends count in the mean",
    "averagePooling1d poolSize 3 strides 1 padding same steps 5",
    () => at("maximum", () => constant(3)),
  ],
  [
    "the loop over a repeated vector runs backwards",
    "lstm repeatVector lstm",
    () => scans(false, (parts) => (parts.time === 3 ? { ...parts, reverse: true } : parts)),
  ],
];

describe("Keras notices that", () => {
  test.each(inKeras)("%s (%s)", (_, name, rule) => {
    const one = caseNamed(modelCases, name);
    expectKeras(one, reference);
    expect(() => expectKeras(one, reference, fault(rule()))).toThrow(noticed);
  });
});
