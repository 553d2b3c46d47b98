/** Attention and positions as a stranger would use them: in company, in pieces, of several inputs, in sessions. */
import { describe, expect, test } from "vitest";
import {
  add,
  attention,
  dense,
  functional,
  gru,
  input,
  masking,
  multiHeadAttention,
  positionalEncoding,
  setSeed,
  sgd,
} from "../../src/index.ts";
import { noise } from "../conformance/cases.ts";

type Sequence = readonly (readonly number[])[];
const sequence = (steps: number, seed: number): Sequence =>
  Array.from({ length: steps }, (_, t) => Array.from(noise(4, 1000 * seed + t)));
const lengths = [5, 1, 9, 0, 17, 8];
const batch = lengths.map((steps, k) => sequence(steps, k + 1));

function transformer<const C extends boolean>(causal: C) {
  setSeed(1);
  const x = input({ shape: [null, 4] });
  const begun = positionalEncoding()(dense({ units: 6 })(x));
  const seen = add(begun, multiHeadAttention({ numHeads: 2, keyDim: 3, causal })([begun, begun]));
  return functional({ inputs: x, outputs: dense({ units: 4 })(attention({ causal })([seen, seen])) });
}
const rowsOf = (made: { toArray(): unknown }): readonly Sequence[] => made.toArray() as Sequence[]; // of sequences
function positioned() {
  setSeed(1);
  const x = input({ shape: [null, 4] });
  const states = gru({ units: 4, returnSequences: true })(positionalEncoding()(x));
  return functional({ inputs: x, outputs: states });
}

test.each([1, 4, 5])("positions are the waves of Vaswani et al., %i features", async (width) => {
  const x = input({ shape: [null, width] });
  const model = functional({ inputs: x, outputs: positionalEncoding()(x) });
  const zeros = Array.from({ length: 300 }, () => Array.from({ length: width }, () => 0));
  const made = (await model.predict([zeros])) as { readonly data: ArrayLike<number> };
  for (let t = 0; t < 300; t++)
    for (let k = 0; k < width; k++) {
      const angle = t / 10000 ** ((k - (k % 2)) / width);
      const wanted = k % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      expect(Math.abs((made.data[t * width + k] ?? 9) - wanted), `step ${t}, feature ${k}`).toBeLessThan(
        1e-4,
      );
    }
});

test.each([0, 0.5])(
  "a fraction of %f of what the heads give is dropped in training alone",
  async (dropout) => {
    const x = input({ shape: [null, 4] });
    const model = functional({
      inputs: x,
      outputs: multiHeadAttention({ numHeads: 2, keyDim: 3, dropout })([x, x]),
    });
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const data = [batch.slice(0, 3), batch.slice(0, 3)] as const;
    const [{ loss: whole }, { loss: trained }] = [
      await model.evaluate(...data),
      await model.trainOnBatch(...data),
    ];
    if (dropout === 0) expect(trained).toBeCloseTo(whole, 6);
    else expect(Math.abs(trained - whole)).toBeGreaterThan(1e-3);
  },
);

describe.each([true, false])("causal: %s", (causal) => {
  test("a row has the same bits alone, in company and beside a longer one", async () => {
    const model = transformer(causal);
    const all = rowsOf(await model.predict(batch));
    for (const [k, row] of batch.entries()) {
      expect(rowsOf(await model.predict([row]))[0]).toEqual(all[k]);
      expect(rowsOf(await model.predict([row, sequence(40, 9)]))[0]).toEqual(all[k]);
    }
  });
});

test.each([true, false])("the mask of a value counts beside that of a key, causal: %s", async (causal) => {
  setSeed(1);
  const x = input({ shape: [null, 4] });
  const value = masking()(x);
  const outputs = [attention({ causal })([x, value, x]), attention({ causal })([x, value, value])];
  const masked = [[1, 2, 0, -1], [0, 0, 0, 0], ...sequence(3, 4)];
  const [made, expected] = await functional({ inputs: x, outputs }).predict([masked]);
  expect(rowsOf(made as never)).toEqual(rowsOf(expected as never));
});

describe("causal attention of two inputs", () => {
  function two() {
    setSeed(1);
    const [q, v] = [input({ shape: [null, 4], name: "q" }), input({ shape: [null, 4], name: "v" })];
    return functional({ inputs: [q, v], outputs: attention({ causal: true })([q, v]) });
  }
  test("they meet step by step", async () => {
    await expect(two().predict([[sequence(3, 1)], [sequence(7, 2)]])).rejects.toThrow(/meet step by step/);
  });
  test("a session has the bits of predict", async () => {
    const [model, q, v] = [two(), sequence(5, 1), sequence(5, 2)];
    const [whole] = rowsOf(await model.predict([[q], [v]]));
    const session = model.session({ maxSteps: 8 });
    expect(q.map((step, t) => [...session.push([step, v[t] as readonly number[]])])).toEqual(whole);
  });
});

describe("tbptt", () => {
  const x = [sequence(20, 1), sequence(20, 2)];
  const y = [sequence(20, 3), sequence(20, 4)];
  test("is refused beside attention", async () => {
    const model = transformer(true);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const trained = model.fit(x, y, { epochs: 1, verbose: 0, tbptt: { steps: 5 } });
    await expect(trained).rejects.toThrow(/multiHeadAttention_1", which looks at all steps at once/);
  });
  test("positions go on from piece to piece", async () => {
    const lossOf = async (options: { readonly tbptt?: { readonly steps: number } }): Promise<number> => {
      const model = positioned();
      model.compile({ optimizer: sgd({ learningRate: 1e-12 }), loss: "meanSquaredError" });
      const { history } = await model.fit(x, y, { epochs: 1, batchSize: 2, verbose: 0, ...options });
      return history.loss[0] ?? Number.NaN;
    };
    expect(await lossOf({ tbptt: { steps: 5 } })).toBeCloseTo(await lossOf({}), 6);
  });
});

describe("sessions", () => {
  test("with more room than memory has addresses are refused", () => {
    expect(() => transformer(true).session({ maxSteps: 1e9 })).toThrow(/maxSteps: expected .* to 1048576/);
  });
  test("a snapshot goes to a session with the same room", () => {
    const model = transformer(true);
    const snapshot = model.session({ maxSteps: 16 }).snapshot();
    expect(() => model.session({ maxSteps: 8 }).restore(snapshot)).toThrow(/the same maxSteps/);
    model.session({ maxSteps: 16 }).restore(snapshot);
  });
});
