import { describe, expect, test } from "vitest";
import { referenceDevice } from "../core/run/referenceDevice.ts";
import { input } from "./layers/input.ts";
import { networkOf } from "./model/network.ts";
import { predict } from "./model/predict.ts";
import type { Tensor } from "./model/tensor.ts";
import { functional } from "./models.ts";
import * as operators from "./operators.ts";
import type { Signal } from "./signals.ts";

const x = [-2, -0.5, 0.25, 1.5];
const on = async (make: (x: Signal) => Signal, values: readonly number[] = x): Promise<number[]> => {
  const symbol = input({ shape: [values.length] });
  const network = networkOf(functional({ inputs: symbol, outputs: make(symbol) }));
  return [...((await predict(network, [values], {}, referenceDevice())) as Tensor).data];
};
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const soft = (v: number): number => Math.exp(v) / x.reduce((total, w) => total + Math.exp(w), 0);

type Case = readonly [name: string, make: (x: Signal) => Signal, wanted: (v: number) => number];
const o = operators;
const elementwise: readonly Case[] = [
  ["add", (s) => o.add(s, s, 1), (v) => v + v + 1],
  ["sub", (s) => o.sub(1, s), (v) => 1 - v],
  ["mul", (s) => o.mul(s, s, 2), (v) => v * v * 2],
  ["div", (s) => o.div(1, s), (v) => 1 / v],
  ["maximum", (s) => o.maximum(s, 0, -1), (v) => Math.max(v, 0)],
  ["minimum", (s) => o.minimum(s, 0), (v) => Math.min(v, 0)],
  ["greater", (s) => o.greater(s, 0), (v) => (v > 0 ? 1 : 0)],
  ["where", (s) => o.where(o.greater(s, 0), s, 7), (v) => (v > 0 ? v : 7)],
  ["neg", (s) => o.neg(s), (v) => -v],
  ["exp", (s) => o.exp(s), Math.exp],
  ["log", (s) => o.log(o.square(s)), (v) => Math.log(v * v)],
  ["sqrt", (s) => o.sqrt(o.abs(s)), (v) => Math.sqrt(Math.abs(v))],
  ["sin", (s) => o.sin(s), Math.sin],
  ["cos", (s) => o.cos(s), Math.cos],
  ["tanh", (s) => o.tanh(s), Math.tanh],
  ["sigmoid", (s) => o.sigmoid(s), sigmoid],
  ["relu", (s) => o.relu(s), (v) => Math.max(v, 0)],
  ["elu", (s) => o.elu(s), (v) => (v > 0 ? v : Math.exp(v) - 1)],
  ["silu", (s) => o.silu(s), (v) => v * sigmoid(v)],
  ["softplus", (s) => o.softplus(s), (v) => Math.log(1 + Math.exp(v))],
  ["softsign", (s) => o.softsign(s), (v) => v / (1 + Math.abs(v))],
  ["hardSigmoid", (s) => o.hardSigmoid(s), (v) => Math.min(Math.max((v + 3) / 6, 0), 1)],
  ["clip", (s) => o.clip(s, -1, 1), (v) => Math.min(Math.max(v, -1), 1)],
  ["softmax", (s) => o.softmax(s), soft],
  ["logSoftmax", (s) => o.logSoftmax(s), (v) => Math.log(soft(v))],
];

describe("operators on symbols", () => {
  test.each(elementwise)("%s", async (_, make, wanted) => {
    const y = await on(make);
    expect(y).toHaveLength(x.length);
    y.forEach((value, k) => {
      expect(value).toBeCloseTo(wanted(x[k] ?? 0), 5);
    });
  });
  test("reductions act on the features and leave one", async () => {
    expect(await on((s) => o.sum(s))).toEqual([-0.75]);
    expect(await on((s) => o.mean(s))).toEqual([-0.1875]);
    expect(await on((s) => o.max(s))).toEqual([1.5]);
  });
  test("split and concat are each other's inverse", async () => {
    expect(
      await on((s) => {
        const [a, b] = o.split(s, 2);
        return o.concat(b, a);
      }),
    ).toEqual([0.25, 1.5, -2, -0.5]);
  });
  test("what does not fit is refused when it is written", () => {
    const [a, b] = [input({ shape: [null, 3] }), input({ shape: [null, 2] })] as Signal[];
    expect(() => o.add(a as Signal, b as Signal)).toThrow(/equal, or 1/);
    expect(() => o.matmul(a as Signal, b as Signal)).toThrow(/dense/);
    expect(() => o.add(a as Signal, "1" as never)).toThrow(/got "1"/);
    expect(() => o.neg(input({ shape: [null], dtype: "int32" }))).toThrow(/embedding/);
  });
});
