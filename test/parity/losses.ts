/** The losses of PyTorch: value and gradient of each case, with weights of rows and of steps. */
import { readFileSync } from "node:fs";
import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { mul, sumLeading } from "../../src/core/graph/operators.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { counted, type Steps } from "../../src/nn/train/counts.ts";
import { targetWidth } from "../../src/nn/train/loss.ts";
import { lossNamed } from "../../src/nn/train/losses.ts";
import { type Closeness, expectClose } from "./close.ts";
import { flat, type Nested } from "./measure.ts";

export interface LossCase {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>> & { readonly loss: string };
  readonly input: Nested;
  readonly targets: Nested;
  readonly sampleWeight: Nested | null;
  readonly outputs: number;
  readonly gradients: { readonly input: Nested };
}
const casesIn = <T extends LossCase>(file: string): readonly T[] => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly cases: readonly T[] }).cases.filter(({ kind }) => kind === "loss");
};
export const lossCases: readonly LossCase[] = casesIn("torch.json");
/** The mean and the standard deviation of every prediction too. */
export interface DistributionCase extends LossCase {
  readonly mean: Nested;
  readonly standardDeviation: Nested;
}
export const distributionCases: readonly DistributionCase[] = casesIn("distributions.json");

/** Faults: in the graph of the loss, in what the host knows of the steps. */
export interface LossFaults {
  readonly graph?: (roots: readonly Node[]) => readonly Node[];
  readonly host?: (steps: Steps) => Steps;
}

/** Throws unless value and gradient are PyTorch's. */
export function expectLoss(
  one: LossCase,
  { graph = (roots) => roots, host = (steps) => steps }: LossFaults = {},
  close?: Closeness,
): void {
  const { loss: name, ...options } = one.options;
  const loss = lossNamed(name, options);
  const shape = shapeOf(one.input);
  const prediction = parameter("prediction", shape);
  const leading = shape.slice(0, -1);
  const target =
    loss.target === "class"
      ? parameter("target", leading, "int32")
      : parameter("target", [...leading, targetWidth(loss, shape.at(-1) ?? 1)]);
  const weights = parameter("weights", [...leading, 1]);
  const steps: Steps = {
    rows: shape[0] ?? 0,
    time: shape.length === 3 ? (shape[1] ?? 0) : null,
    lengths: null,
    mask: null,
    target: Float32Array.from(flat(one.targets)),
    sampleWeight: one.sampleWeight === null ? null : Float32Array.from(flat(one.sampleWeight)),
    classWeight: null,
  };
  const known = counted(host(steps), loss, { counts: true, weights: true }, "mean");
  const [root] = graph([
    mul(sumLeading(mul(loss.perStep(prediction, target), weights), shape.length - 1), 1 / known.divisor),
  ]) as [Node];
  const { roots, gradients } = differentiate({ roots: [root], wrt: [prediction] });
  const value = (node: Node, data: ArrayLike<number>): [Node, HostValue] => [
    node,
    { shape: node.shape as readonly number[], data: Float64Array.from(data) },
  ];
  const given = new Map([
    value(prediction, flat(one.input)),
    value(target, flat(one.targets)),
    value(weights, known.weights ?? []),
  ]);
  const [got, gradient] = evaluate([...roots, gradients[0] as Node], given, {});
  expectClose(Array.from(got?.data ?? []), [one.outputs], "value", close);
  expectClose(Array.from(gradient?.data ?? []), flat(one.gradients.input), "gradient", close);
}

const shapeOf = (x: Nested): readonly number[] =>
  typeof x === "number" ? [] : [x.length, ...shapeOf(x[0] ?? 0)];
