import { describe, expect, test } from "vitest";
import { causalModels, real, reals, roughened, sessionDevices, words } from "../../../test/sessions.ts";
import { wasmDevice } from "../../core/run/wasmDevice.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { repeatVector } from "../layers/repeatVector.ts";
import { networkOf } from "../model/network.ts";
import { predict } from "../model/predict.ts";
import { type Tensor, tensorOf } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { add } from "../operators.ts";
import { openSession, type StepSession } from "./session.ts";

const strict = wasmDevice({ threads: 1, strict: true });

async function whole(model: object, x: unknown, device: typeof strict): Promise<Float32Array> {
  const { data } = (await predict(networkOf(model), [x], {}, device)) as Tensor;
  return data as Float32Array;
}
const pushed = (session: StepSession, x: unknown): number[] => [...(session.push(x) as Float32Array)];

describe.each(sessionDevices)("step by step as whole, %s", (name, device) => {
  test.each(causalModels)("%s", async (_, make, x) => {
    const model = roughened(make());
    const sequences = networkOf(model).outputs[0]?.time !== null;
    const fixed = networkOf(model).inputs[0]?.time !== "time";
    const session = openSession(networkOf(model), device);
    const all: number[] = [];
    for (const [t, step] of x.entries()) {
      const y = pushed(session, step);
      all.push(...y);
      if (!sequences && !fixed) agree(name, y, await whole(model, x.slice(0, t + 1), device));
    }
    if (sequences) agree(name, all, await whole(model, x, device));
    session.reset();
    expect(x.flatMap((step) => pushed(session, step))).toEqual(all);
  });
});

/** The same bits; the reference device has float64 within a run, and float32 from push to push. */
function agree(device: string, y: readonly number[], expected: Float32Array): void {
  expect(y.length).toBe(expected.length);
  if (device !== "reference") return expect(y).toEqual([...expected]);
  for (const [k, value] of y.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6);
}

describe("a session", () => {
  const model = () => sequential(reals(), lstm({ units: 4 }), dense({ units: 2 }));
  const [first = [], second = []] = real;

  test("keeps the weights it began with, whatever becomes of the model's", async () => {
    const own = model();
    const network = networkOf(own);
    const [before, same] = [openSession(network, strict), openSession(network, strict)];
    const begun = network.variables.map(({ value }) => value);
    const expected = real.map((step) => pushed(same, step));
    const half = real.slice(0, 3).map((step) => pushed(before, step));
    own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await own.fit([real], [[1, -1]], { epochs: 2, verbose: 0 });
    own.setWeights(
      own.getWeights().map(({ shape, data }) =>
        tensorOf(
          shape,
          data.map((x) => x + 0.5),
        ),
      ),
    );
    for (const value of begun) value.fill(9); // whoever overwrites them in place
    const after = openSession(network, strict);
    const interleaved = real.slice(3).map((step) => {
      pushed(after, step);
      return pushed(before, step);
    });
    expect([...half, ...interleaved]).toEqual(expected);
    before.reset();
    expect(pushed(before, first)).toEqual(expected[0]);
    expect(pushed(openSession(network, strict), first)).not.toEqual(expected[0]);
  });

  test("takes the weights of the model when it is asked to, and keeps its states", async () => {
    const own = sequential(reals(), lstm({ units: 4, initialState: "learned", returnSequences: true }));
    const network = networkOf(roughened(own));
    const session = openSession(network, strict);
    pushed(session, first);
    const states = session.snapshot();
    own.setWeights(
      own.getWeights().map(({ shape, data }) =>
        tensorOf(
          shape,
          data.map((x) => 0.5 * x),
        ),
      ),
    );
    const other = openSession(network, strict);
    const fresh = pushed(other, first);
    other.restore(states);
    session.refresh();
    expect(pushed(session, second)).toEqual(pushed(other, second));
    session.reset();
    expect(pushed(session, first)).toEqual(fresh); // the first states are weights too
  });

  test("forked goes on from the same states with the same weights, each its own way", () => {
    const own = model();
    const network = networkOf(own);
    const session = openSession(network, strict);
    pushed(session, first);
    own.setWeights(
      own.getWeights().map(({ shape, data }) =>
        tensorOf(
          shape,
          data.map((x) => -x),
        ),
      ),
    );
    const fork = session.fork();
    const expected = pushed(session, second);
    pushed(session, first);
    expect(pushed(fork, second)).toEqual(expected);
    fork.reset();
    const after = pushed(fork.fork(), second);
    expect(pushed(fork, second)).toEqual(after);
    fork.refresh();
    expect(pushed(fork, first)).not.toEqual(pushed(session, first));
  });

  test("knows nothing of another one, and the model nothing of it", async () => {
    const network = networkOf(model());
    const [a, b] = [openSession(network, strict), openSession(network, strict)];
    const expected = pushed(a, first);
    pushed(a, second);
    expect(pushed(b, first)).toEqual(expected);
    const stateful = networkOf(sequential(reals(), gru({ units: 4, stateful: true })));
    openSession(stateful, strict).push(first);
    expect(stateful.carried.size).toBe(0);
  });

  test("returns an array that the next push overwrites", () => {
    const session = openSession(networkOf(model()), strict);
    const y = session.push(first) as Float32Array;
    const before = [...y];
    expect(session.push(second)).toBe(y);
    expect([...y]).not.toEqual(before);
  });

  test("takes arrays and typed arrays, and several inputs and outputs as the model was given them", async () => {
    const [x, word] = [reals(), words()];
    const h = lstm({ units: 4 })(x);
    const g = gru({ units: 4 })(embedding({ inputDim: 6, outputDim: 2 })(word));
    const both = functional({ inputs: { x, word }, outputs: { sum: add(h, g), h } });
    const network = networkOf(both);
    const session = openSession(network, strict);
    session.push({ x: first, word: 2 });
    const y = session.push({ x: Float32Array.from(second), word: 5 }) as {
      readonly sum: Float32Array;
      readonly h: Float32Array;
    };
    const expected = (await predict(network, { x: [[first, second]], word: [[2, 5]] }, {}, strict)) as Record<
      string,
      Tensor
    >;
    expect([...y.sum]).toEqual([...(expected["sum"]?.data ?? [])]);
    expect([...y.h]).toEqual([...(expected["h"]?.data ?? [])]);
  });

  test.each<[string, unknown, RegExp]>([
    ["too few features", [1, 2], /session\.push\(x\): expected one step, \[3\], got an array of 2\./],
    ["a sequence", [[1, 2, 3]], /got an array of 1\. Push one step/],
    ["a number", 3, /got 3/],
    ["not a number", [1, Number.NaN, 3], /number 1: expected a finite number, got NaN/],
    ["more than float32 holds", [1, 2, 1e39], /number 2: .*got 1e\+39, which is Infinity in float32/],
    ["text", ["1", 2, 3], /number 0: .*got "1"/],
  ])("refuses %s and stays as it was", (_, x, message) => {
    const network = networkOf(model());
    const [session, other] = [openSession(network, strict), openSession(network, strict)];
    expect(pushed(session, first)).toEqual(pushed(other, first));
    expect(() => session.push(x)).toThrow(message);
    expect(pushed(session, second)).toEqual(pushed(other, second));
  });

  test("has one stream", () => {
    const session = openSession(networkOf(model()), strict);
    session.push(first);
    session.reset(0);
    expect(() => session.reset(1)).toThrow(/session\.reset\(row\): expected stream 0, the only one, got 1/);
    expect(() => session.push(first, { rows: [0] })).toThrow(/no options: this session has one stream/);
  });

  test("refuses what is no token of the model", () => {
    const session = openSession(
      networkOf(sequential(words(), embedding({ inputDim: 6, outputDim: 2 }), gru({ units: 2 }))),
      strict,
    );
    expect(() => session.push(6)).toThrow(/expected a token from 0 to 5, got 6/);
    expect(() => session.push(1.5)).toThrow(/got 1\.5/);
    expect(() => session.push([3])).toThrow(/got an array of 1\. Push one token/);
  });
});

describe("a model that looks ahead has no session, and the layer is named", () => {
  const open = (model: object): StepSession => openSession(networkOf(model), strict);
  test.each<[string, () => object, RegExp]>([
    [
      "bidirectional",
      () =>
        sequential(
          reals(),
          lstm({ units: 2, returnSequences: true }),
          bidirectional(gru({ units: 2 })),
          dense({ units: 1 }),
        ),
      /model\.session\(\): .*layer 2 "bidirectional_1", which looks ahead/,
    ],
    [
      "goBackwards",
      () => sequential(reals(), gru({ units: 2, goBackwards: true, name: "back" })),
      /layer 1 "back"/,
    ],
    [
      "repeatVector",
      () => sequential(reals(), lstm({ units: 2 }), repeatVector({ n: 3 }), lstm({ units: 2 })),
      /"repeatVector_1"/,
    ],
    [
      "a first state that a symbol gives",
      () => {
        const x = reals();
        const h = dense({ units: 2, name: "code" })(gru({ units: 2, name: "reads" })(x));
        return functional({
          inputs: x,
          outputs: gru({ units: 2, name: "writes" })(x, { initialState: { h } }),
        });
      },
      /layer 3 "writes"/,
    ],
    [
      "no time",
      () => sequential(input({ shape: [3] }), dense({ units: 2 })),
      /expected an input of sequences, got a vector \[batch, 3\]/,
    ],
  ])("%s", (_, make, message) => {
    expect(() => open(make())).toThrow(message);
  });

  test("nor in its type", () => {
    const ahead = sequential(reals(), bidirectional(lstm({ units: 2 })));
    // @ts-expect-error Property 'session' does not exist on type 'ModelThatLooksAhead<...>'
    expect(() => ahead.session()).toThrow(/bidirectional_1/);
  });
});
