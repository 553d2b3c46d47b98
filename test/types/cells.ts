/** Cells of one's own: what their functions are given follows from what stands before. */
import {
  add,
  bidirectional,
  type Cell,
  defineCell,
  input,
  lstm,
  matmul,
  mul,
  recurrent,
  type Signal,
  sequential,
  tanh,
} from "unroll-rnn";
import { same } from "./same.ts";

const leaky = defineCell({
  name: "leaky",
  options: { rate: 0.1 },
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({
    kernel: [features, units],
    recurrentKernel: { shape: [units, units], initializer: "orthogonal" },
    bias: [units],
  }),
  step: (x, { h }, { kernel, recurrentKernel, bias }, { rate }) => {
    const a = tanh(add(matmul(x, kernel), matmul(h, recurrentKernel), bias));
    return { h: add(mul(h, 1 - rate), mul(a, rate)), a };
  },
});

const zeros = (shape: readonly number[]): readonly number[] => shape.map(() => 0);
export function cells(): void {
  same<Cell<"h", "h" | "a", { rate: number }, "kernel" | "recurrentKernel" | "bias">>()(leaky);
  const any: Cell = leaky;
  void any;
  const series = input({ shape: [null, 4] });
  const layer = recurrent(leaky, { units: 16, rate: 0.2, returnSequences: true });
  same<Signal<"sequence" | "other", number, "causal">>()(layer(series));
  same<Signal<"vector", number, "causal">>()(recurrent(leaky, { units: 16, returnState: true })(series).h);
  sequential(series, layer, bidirectional(recurrent(leaky, { units: 3 })));
  recurrent(leaky, {
    units: 3,
    biasInitializer: "ones",
    kernelRegularizer: "l2",
    recurrentKernelInitializer: "identity",
  });
  recurrent(leaky, { units: 3, biasInitializer: (shape) => [...shape, ...zeros(shape)] });
  // @ts-expect-error rate, not rte
  recurrent(leaky, { units: 16, rte: 0.2 });
  // @ts-expect-error a number
  recurrent(leaky, { units: 16, rate: "fast" });
  // @ts-expect-error there is no such weight
  recurrent(leaky, { units: 3, kernalInitializer: "ones" });
  // @ts-expect-error a sequence is wanted, a vector comes
  sequential(series, recurrent(leaky, { units: 16 }), lstm({ units: 2 }));
}

export function mistakes(): void {
  defineCell({
    name: "misspelt weight",
    state: ({ units }) => ({ h: [units] }),
    weights: ({ features, units }) => ({ kernel: [features, units] }),
    // @ts-expect-error kernel, not kernl
    step: (x, { h }, { kernl }) => ({ h: add(matmul(x, kernl), h) }),
  });
  defineCell({
    name: "misspelt state",
    state: ({ units }) => ({ h: [units] }),
    weights: ({ features, units }) => ({ kernel: [features, units] }),
    // @ts-expect-error h, not hh
    step: (x, { hh }, { kernel }) => ({ h: add(matmul(x, kernel), hh) }),
  });
  defineCell({
    name: "forgotten state",
    state: ({ units }) => ({ h: [units], c: [units] }),
    weights: ({ features, units }) => ({ kernel: [features, units] }),
    // @ts-expect-error c is not returned
    step: (x, { h, c }, { kernel }) => ({ h: add(matmul(x, kernel), h, c) }),
  });
  defineCell({
    name: "misspelt output",
    state: ({ units }) => ({ h: [units] }),
    weights: ({ features, units }) => ({ kernel: [features, units] }),
    step: (x, { h }, { kernel }) => ({ h: add(matmul(x, kernel), h), a: h }),
    // @ts-expect-error neither h nor a
    output: "b",
  });
}
