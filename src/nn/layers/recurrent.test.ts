import { beforeEach, describe, expect, test } from "vitest";
import { printGraph } from "../../core/graph/print.ts";
import { type Cell, defineCell } from "../cells/defineCell.ts";
import { setDevice } from "../device.ts";
import { networkOf } from "../model/network.ts";
import { ragged } from "../model/ragged.ts";
import type { Tensor } from "../model/tensor.ts";
import { trace } from "../model/trace.ts";
import { functional, sequential } from "../models.ts";
import { add, concat, matmul, mul, sub, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { bidirectional } from "./bidirectional.ts";
import { convLstm2d } from "./convLstm2d.ts";
import { dropout } from "./dropout.ts";
import { input } from "./input.ts";
import { masking } from "./masking.ts";
import { gru, lstm, recurrent, simpleRNN } from "./recurrent.ts";

beforeEach(() => {
  setDevice("reference");
});
type Steps = readonly (readonly number[])[];
const x: readonly Steps[] = [
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  [
    [0, 1],
    [1, 0],
    [1, 1],
  ],
];

const leaky = defineCell({
  name: "leaky",
  options: { rate: 0.1 },
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({
    kernel: [features, units],
    recurrentKernel: { shape: [units, units], initializer: "identity" },
    bias: [units],
  }),
  step: (x, { h }, { kernel, recurrentKernel, bias }, { rate }) => {
    const a = tanh(add(matmul(x, kernel), matmul(h, recurrentKernel), bias));
    return { h: add(mul(h, 1 - rate), mul(a, rate)), a };
  },
});

describe("a cell of one's own", () => {
  test("does what its equation says, step by step", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      recurrent(leaky, { units: 2, rate: 0.25, returnSequences: true }),
    );
    const [W, R, b] = model.getWeights().map(({ data }) => [...data]) as [number[], number[], number[]];
    expect(R).toEqual([1, 0, 0, 1]); // the initializer it gave
    const y = ((await model.predict(x)) as Tensor).toArray() as number[][][];
    x.forEach((row, n) => {
      let h = [0, 0];
      row.forEach((step, t) => {
        const a = h.map((_, j) => {
          const fromInput = step.reduce((total, v, k) => total + v * (W[k * 2 + j] ?? 0), 0);
          return Math.tanh(fromInput + h.reduce((total, v, k) => total + v * (R[k * 2 + j] ?? 0), b[j] ?? 0));
        });
        h = h.map((v, j) => v * 0.75 + (a[j] ?? 0) * 0.25);
        h.forEach((v, j) => {
          expect(y[n]?.[t]?.[j]).toBeCloseTo(v, 6);
        });
      });
    });
  });
  test("may multiply from the left, and give a value that is no state", async () => {
    const left = defineCell({
      name: "left",
      state: ({ units }) => ({ h: [units] }),
      weights: ({ features, units }) => ({ kernel: [units, features + units] }),
      step: (x, { h }, { kernel }) => {
        const a = matmul(kernel, concat(x, h));
        return { h: tanh(a), a };
      },
      output: "a",
    });
    const model = sequential(
      input({ shape: [null, 2] }),
      recurrent(left, { units: 3, returnSequences: true }),
    );
    const [W] = model.getWeights().map(({ data }) => [...data]) as [number[]];
    const y = ((await model.predict(x)) as Tensor).toArray() as number[][][];
    let h = [0, 0, 0];
    (x[0] ?? []).forEach((step, t) => {
      const a = h.map((_, j) => [...step, ...h].reduce((total, v, k) => total + v * (W[j * 5 + k] ?? 0), 0));
      h = a.map(Math.tanh);
      a.forEach((v, j) => {
        expect(y[0]?.[t]?.[j]).toBeCloseTo(v, 5);
      });
    });
    const last = sequential(input({ shape: [null, 2] }), recurrent(left, { units: 3 }));
    last.setWeights(model.getWeights());
    expect(((await last.predict(x)) as Tensor).toArray()).toEqual(y.map((row) => row.at(-1)));
  });
  test("is refused with the reason when it forgets something", () => {
    const broken = (step: (x: Signal, h: Signal) => Record<string, unknown>): Cell =>
      defineCell({
        name: "broken",
        state: ({ units }) => ({ h: [units] }),
        weights: ({ features, units }) => ({ kernel: [features, units] }),
        step: (x, { h }) => step(x, h) as { h: Signal },
      });
    const tracing = (cell: Cell) => () =>
      trace(networkOf(sequential(input({ shape: [null, 2] }), recurrent(cell, { units: 3 }))), {
        training: false,
        states: "initial",
      });
    expect(tracing(broken(() => ({ a: 1 })))).toThrow(/layer 1 "broken_1".*the state h/);
    expect(tracing(broken((x) => ({ h: x })))).toThrow(/\[3\], got \[2\]/);
    expect(tracing(broken((_, h) => ({ h, a: "text" })))).toThrow(/made by operators/);
    expect(() =>
      defineCell({ name: "none", state: () => ({}), weights: () => ({}), step: () => ({}) }),
    ).toThrow(/at least one state/);
  });
});

describe("memory blocks", () => {
  const weightsOf = (layer: (x: Signal<"sequence", 2, "causal">) => Signal) => {
    const begin = input({ shape: [null, 2] });
    return functional({ inputs: begin, outputs: layer(begin) }).weights;
  };
  test("weights in their order and layout", () => {
    const layer = lstm({
      units: 3,
      cellsPerBlock: 2,
      peephole: true,
      projection: 4,
      layerNormalization: true,
    });
    const names = weightsOf(layer).map(({ name, shape }) => `${name.replace("lstm_1/", "")} ${shape}`);
    expect(names).toEqual([
      "kernel 2,15",
      "recurrentKernel 4,15",
      "bias 15",
      "peephole 3,6",
      "projectionKernel 6,4",
      "kernelGain 15",
      "recurrentGain 15",
      "cellGain 6",
      "cellBias 6",
    ]);
  });
  test("one cell a block has the weights of a plain LSTM", async () => {
    const plain = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }));
    const block = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 3, cellsPerBlock: 1, peephole: false }),
    );
    block.setWeights(plain.getWeights());
    expect((await block.predict(x)).toArray()).toEqual((await plain.predict(x)).toArray());
  });
  test("the forget gates begin open, wherever they stand", () => {
    const bias = weightsOf(lstm({ units: 3, cellsPerBlock: 2 }))[2]?.data;
    expect([...(bias ?? [])]).toEqual([0, 0, 0, 1, 1, 1, ...Array.from({ length: 9 }, () => 0)]);
  });
  test("options that make no block are refused", () => {
    expect(() => lstm({ units: 3, cellsPerBlock: 0 })).toThrow(/cellsPerBlock: expected a whole number of 1/);
    expect(() => lstm({ units: 3, projection: 1.5 })).toThrow(/projection: expected a whole number/);
    expect(() => lstm({ units: 3, peephole: 1 } as never)).toThrow(/true or false/);
    expect(() => lstm({ units: 3, peepholeInitializer: "ones" })).toThrow(/an option that it knows/);
    expect(() => lstm(undefined as never)).toThrow(/a plain object/);
  });
});

describe("options of recurrent layers", () => {
  test("a misspelt name is refused with the right one", () => {
    expect(() => lstm({ units: 3, returnSequence: true } as never)).toThrow(
      /Did you mean "returnSequences"\?/,
    );
    expect(() => gru({ units: 3, resetAftr: true } as never)).toThrow(/Did you mean "resetAfter"\?/);
    expect(() => recurrent(leaky, { units: 3, rat: 1 } as never)).toThrow(/Did you mean "rate"\?/);
    expect(() => simpleRNN({ units: 3, activation: "tahn" } as never)).toThrow(/Did you mean "tanh"\?/);
    expect(() => simpleRNN({ units: 3, kernelInitializer: "glorotUnifrom" } as never)).toThrow(
      /Did you mean "glorotUniform"\?/,
    );
  });
  test("a wrong value is refused with what it has to be", () => {
    expect(() => lstm({ units: 0 })).toThrow(/whole number of 1 or more, got 0/);
    expect(() => lstm({} as never)).toThrow(/Add units/);
    expect(() => lstm(3 as never)).toThrow(/lstm\(\{ units \}\)/);
    expect(() => lstm({ units: 3, dropout: 1 })).toThrow(/not including, 1/);
    expect(() => lstm({ units: 3, returnSequences: 1 } as never)).toThrow(/true or false/);
    expect(() => recurrent(leaky, { units: 3, rate: "fast" } as never)).toThrow(/a number, got "fast"/);
  });
  test("firstInput gives the first input itself, then goes on", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      simpleRNN({ units: 2, returnSequences: true, initialState: "firstInput" }),
    );
    const plain = sequential(input({ shape: [null, 2] }), simpleRNN({ units: 2, returnSequences: true }));
    plain.setWeights(model.getWeights());
    const y = ((await model.predict(x)) as Tensor).toArray() as number[][][];
    expect(y.map((row) => row[0])).toEqual(x.map((row) => row[0]));
    const given = { initialState: { h: x.map((row) => row[0] ?? []) } };
    const rest = (
      (await plain.predict(
        x.map((row) => row.slice(1)),
        given,
      )) as Tensor
    ).toArray() as number[][][];
    y.forEach((row, k) => {
      expect(row.slice(1)).toEqual(rest[k]);
    });
    expect(() =>
      sequential(input({ shape: [null, 3] }), simpleRNN({ units: 2, initialState: "firstInput" })),
    ).toThrow(/Set units/);
  });
  test("random first states are in [0, 1), the same for every row, and follow from the seed", async () => {
    const model = sequential(input({ shape: [null, 2] }), lstm({ units: 3, initialState: "random" }));
    const [a, b] = ((await model.predict([x[0] ?? [], x[0] ?? []])) as Tensor).toArray() as number[][];
    expect(a).toEqual(b);
    const traced = trace(networkOf(model), { training: false, states: "initial" });
    expect(traced.keys.map(({ perStep, salt }) => [perStep, salt])).toEqual([
      [false, "lstm_1/initialState/h"],
      [false, "lstm_1/initialState/c"],
    ]);
  });
  test("random first images have a number of their own for every pixel, on every device", async () => {
    const model = sequential(
      input({ shape: [null, 2, 3, 1] }),
      convLstm2d({ filters: 2, kernelSize: 1, initialState: "random" }),
    );
    const drawn = ((await model.predict(ragged([[]]))) as Tensor).data;
    expect(new Set(drawn).size).toBe(12);
    setDevice("wasm", { threads: 1 });
    expect(((await model.predict(ragged([[]]))) as Tensor).data).toEqual(drawn);
  });
  test("learned first states are weights after the others", async () => {
    const model = sequential(input({ shape: [null, 2] }), lstm({ units: 3, initialState: "learned" }));
    const weights = model.getWeights();
    expect(model.weights.slice(3).map(({ name, shape }) => [name, shape])).toEqual([
      ["lstm_1/initialH", [3]],
      ["lstm_1/initialC", [3]],
    ]);
    const plain = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }));
    plain.setWeights(weights.slice(0, 3));
    model.setWeights([...weights.slice(0, 3), [0.1, 0.2, 0.3], [-1, 0, 1]]);
    const given = { h: x.map(() => [0.1, 0.2, 0.3]), c: x.map(() => [-1, 0, 1]) };
    expect((await model.predict(x)).toArray()).toEqual(
      (await plain.predict(x, { initialState: given })).toArray(),
    );
  });
  test("the first input is the first that counts", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      masking(),
      simpleRNN({ units: 2, initialState: "firstInput", returnSequences: true }),
    );
    const [none, ...steps] = [
      [0, 0],
      [1, 2],
      [0, 0],
      [3, 4],
    ];
    const padded = ((await model.predict([[none, none, ...steps]])) as Tensor).toArray() as number[][][];
    const whole = ((await model.predict([steps])) as Tensor).toArray() as number[][][];
    expect(padded[0]?.slice(2)).toEqual(whole[0]);
    expect(whole[0]?.[0]).toEqual([1, 2]);
  });
  test("a bidirectional layer gives the last states of each direction under its name", async () => {
    const from = input({ shape: [null, 2] });
    const { output, forwardH, backwardH } = bidirectional(gru({ units: 2, returnState: true }))(from);
    const model = functional({ inputs: from, outputs: [output, forwardH, backwardH] });
    const [both, there, back] = (await model.predict(x)) as readonly Tensor[];
    const rows = (made: Tensor | undefined): number[][] => made?.toArray() as number[][];
    expect(rows(both)).toEqual(rows(there).map((row, k) => [...row, ...(rows(back)[k] ?? [])]));
    expect(rows(there)).not.toEqual(rows(back));
  });
  test("every mask and every draw has a key of its own: by layer, direction, state and kind", () => {
    const drawing = { units: 3, returnSequences: true, dropout: 0.5, recurrentDropout: 0.25, zoneout: 0.1 };
    const layers = [
      bidirectional(lstm(drawing)),
      lstm(drawing),
      dropout({ rate: 0.1 }),
      dropout({ rate: 0.1 }),
    ];
    const network = networkOf(sequential(input({ shape: [null, 2] }), ...layers));
    const { keys } = trace(network, { training: true, states: "initial" });
    expect(new Set(keys.map(({ salt }) => salt)).size).toBe(2 * 5 + 5 + 1 + 1);
    expect(keys.every(({ perStep }) => perStep)).toBe(true);
  });

  test("dropout is one mask a sequence, and acts on states where they enter a product", () => {
    const network = networkOf(
      sequential(input({ shape: [null, 2] }), gru({ units: 3, dropout: 0.5, recurrentDropout: 0.25 })),
    );
    const training = trace(network, { training: true, states: "initial" });
    expect(training.keys.map(({ salt, perStep }) => [salt, perStep])).toEqual([
      ["gru_1/dropout", true],
      ["gru_1/recurrentDropout/h", true],
    ]);
    const text = printGraph(training.outputs.map(({ node }) => node));
    // Both masks are drawn without an axis of time, and only the product sees the masked state.
    expect(text.match(/random/g)).toHaveLength(2);
    expect(trace(network, { training: false, states: "initial" }).keys).toEqual([]);
  });
  test("the masked state enters products alone: z * h keeps the whole h", async () => {
    const keeping = defineCell({
      name: "keeping",
      state: ({ units }) => ({ h: [units] }),
      weights: ({ units }) => ({ recurrentKernel: [units, units] }),
      step: (x, { h }, { recurrentKernel }) => ({
        h: add(x, h, mul(0, matmul(mul(sub(1, h), h), recurrentKernel))),
      }),
    });
    const network = networkOf(
      sequential(input({ shape: [null, 2] }), recurrent(keeping, { units: 2, recurrentDropout: 0.9 })),
    );
    const { outputs } = trace(network, { training: true, states: "initial" });
    const scan = outputs[0]?.node.inputs[0];
    const [next] = scan?.op === "scan" ? scan.attributes.body.next : [];
    const [state] = scan?.op === "scan" ? scan.attributes.body.carried : [];
    const sum = next?.inputs[0];
    expect(sum?.op === "add" && sum.inputs[1] === state).toBe(true);
    const product = next?.inputs[1]?.inputs[1];
    const factor = product?.op === "matmul" ? product.inputs[0] : undefined;
    expect(
      factor?.op === "mul" && factor.inputs.some((node) => node.op === "mul" && node.inputs[0] === state),
    ).toBe(true);
  });
  test("goBackwards turns each sequence at its own length", async () => {
    const forward = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }));
    const backward = sequential(input({ shape: [null, 2] }), lstm({ units: 3, goBackwards: true }));
    backward.setWeights(forward.getWeights());
    const uneven = [x[0] ?? [], (x[1] ?? []).slice(0, 2)];
    const turned = uneven.map((row) => [...row].reverse());
    expect((await backward.predict(uneven)).toArray()).toEqual((await forward.predict(turned)).toArray());
  });
});
