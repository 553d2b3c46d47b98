/**
 * Networks of every shape, on sequences of different lengths: each row has the bits that it has alone, ten examples are
 * learned by heart, and a model that was saved goes on to the same bits.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  add,
  bidirectional,
  concat,
  conv1d,
  cosineDecay,
  dense,
  functional,
  globalMaxPooling1d,
  gru,
  input,
  loadModel,
  lstm,
  type Model,
  maxPooling1d,
  mul,
  type Ragged,
  ragged,
  type Signal,
  setDevice,
  setSeed,
  simpleRNN,
  type Tensor,
  tanh,
} from "unroll-rnn";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sequences } from "./harness.ts";

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(3);
});
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-networks-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const features = 3;
const lengths = [5, 2, 7, 1, 4, 6, 3, 7, 2, 5];
type Rows = readonly (readonly (readonly number[])[])[];
const data = (width: number, seed: number): Rows => sequences(lengths, width, seed) as Rows;
const vectors = (width: number, seed: number): readonly (readonly number[])[] =>
  data(width, seed).map(([first]) => first ?? []);

type Series = Signal<"sequence", 3, "causal">;
const series = (name?: string): Series =>
  input(name === undefined ? { shape: [null, features] } : { shape: [null, features], name });

/** What goes in and what is wanted, row by row. */
interface Example {
  readonly make: () => Model;
  readonly x: readonly (readonly unknown[])[];
  readonly y: readonly (readonly unknown[])[];
}
const from = (make: (x: Series) => Signal) => (): Model => {
  const x = series();
  return functional({ inputs: x, outputs: make(x) }) as unknown as Model;
};
/** A number at every step, or two for the sequence. */
const atEveryStep = (make: (x: Series) => Signal): Example => ({
  make: from((x) => dense({ units: 1 })(make(x) as Signal<"sequence">)),
  x: [data(features, 1)],
  y: [data(1, 2)],
});
const atTheEnd = (make: (x: Series) => Signal): Example => ({
  make: from((x) => dense({ units: 2 })(make(x) as Signal<"vector">)),
  x: [data(features, 1)],
  y: [vectors(2, 2)],
});
const every = { returnSequences: true } as const;
const modes = ["concat", "sum", "mul", "ave"] as const;

const networks: Readonly<Record<string, Example>> = {
  "deep, of another size at each layer": atTheEnd((x) =>
    simpleRNN({ units: 4 })(gru({ units: 6, ...every })(lstm({ units: 9, ...every })(x))),
  ),
  ...Object.fromEntries(
    modes.flatMap((mergeMode): [string, Example][] => [
      [
        `bidirectional, ${mergeMode}`,
        atEveryStep((x) => bidirectional(gru({ units: 8, ...every }), { mergeMode })(x)),
      ],
      [
        `deep and bidirectional, ${mergeMode}`,
        atTheEnd((x) => {
          const lower = bidirectional(lstm({ units: 6, ...every }), { mergeMode })(x);
          return bidirectional(simpleRNN({ units: 5 }), { mergeMode })(lower);
        }),
      ],
    ]),
  ),
  "both directions apart, gated": atEveryStep((x) => {
    const [there, back] = bidirectional(lstm({ units: 8, ...every }), { mergeMode: "none" })(x);
    return mul(there, tanh(back));
  }),
  "residual connections": atEveryStep((x) => {
    let h: Signal<"sequence"> = dense({ units: 8 })(x);
    for (let k = 0; k < 3; k++) h = add(h, gru({ units: 8, ...every })(h)) as Signal<"sequence">;
    return h;
  }),
  "skips to the end": atTheEnd((x) => {
    const lower = lstm({ units: 5, ...every })(x);
    const upper = lstm({ units: 4, ...every })(concat(lower, x));
    return gru({ units: 8 })(concat(upper, lower, x));
  }),
  "a convolution beside a recurrent layer": atEveryStep((x) =>
    add(
      conv1d({ filters: 8, kernelSize: 3, padding: "same", activation: "tanh" })(x),
      lstm({ units: 8, ...every })(x),
    ),
  ),
  "two ways of windows that meet, and a recurrent layer above them": atTheEnd((x) => {
    const way = (padding: "same"): Signal<"sequence", 8> =>
      maxPooling1d({ padding })(conv1d({ filters: 8, kernelSize: 3, padding })(x));
    return add(gru({ units: 8 })(mul(way("same"), way("same"))), globalMaxPooling1d()(way("same")));
  }),
  "a layer shared by two inputs": {
    make: () => {
      const [left, right] = [series("left"), series("right")];
      const shared = bidirectional(lstm({ units: 6, ...every }));
      const both = concat(shared(left), shared(right));
      return functional({ inputs: [left, right], outputs: gru({ units: 2 })(both) }) as unknown as Model;
    },
    x: [data(features, 1), data(features, 5)],
    y: [vectors(2, 2).map((row) => row.map((value) => 0.8 * value))],
  },
  "many inputs and outputs, states given to another layer": {
    make: () => {
      const [x, v] = [series("x"), input({ shape: [4], name: "v" })];
      const first = lstm({ units: 6, returnState: true, ...every })(x);
      const begun = { h: dense({ units: 6, activation: "tanh" })(v), c: first.c };
      const second = lstm({ units: 6, ...every })(x, { initialState: begun });
      const outputs = [
        dense({ units: 1 })(add(first.output, second)),
        dense({ units: 2 })(concat(first.h, v)),
      ];
      return functional({ inputs: [x, v], outputs }) as unknown as Model;
    },
    x: [data(features, 1), vectors(4, 7)],
    y: [data(1, 2), vectors(2, 3)],
  },
};

/** Some rows as a model takes them. */
const given = (columns: Example["x"], rows: readonly number[]): never => {
  const picked = columns.map((column) => {
    const own = rows.map((row) => column[row]);
    return Array.isArray((own[0] as unknown[])[0]) ? ragged(own as never) : own;
  });
  return (picked.length === 1 ? picked[0] : picked) as never;
};
const all = lengths.map((_, row) => row);
const predicted = async (model: Model, x: Example["x"], rows: readonly number[]): Promise<unknown[][]> => {
  const made: unknown = await model.predict(given(x, rows));
  return (Array.isArray(made) ? made : [made]).map((y: Ragged | Tensor) => y.toArray() as unknown[]);
};
const compiled = ({ make }: Example): Model => {
  const model = make();
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
};

describe.each(Object.entries(networks))("%s", (name, example) => {
  const { x, y } = example;
  test("a row has the same bits whatever stands beside it", async () => {
    const model = example.make();
    const together = await predicted(model, x, all);
    for (const row of all) {
      const alone = await predicted(model, x, [row]);
      expect(alone.map(([one]) => one)).toEqual(together.map((rows) => rows[row]));
    }
  });

  test("learns ten examples by heart", async () => {
    const model = example.make();
    const learningRate = cosineDecay({ initialLearningRate: 0.02, decaySteps: 1500 });
    model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "meanSquaredError" });
    await model.fit(given(x, all), given(y, all), { epochs: 1500, batchSize: 10, verbose: 0 });
    expect((await model.evaluate(given(x, all), given(y, all)))["loss"]).toBeLessThan(1e-5);
  });

  test("is saved, loaded and goes on to the same bits", async () => {
    const model = compiled(example);
    const options = { epochs: 2, batchSize: 4, verbose: 0 } as const;
    await model.fit(given(x, all), given(y, all), options);
    const path = join(folder, name.replaceAll(/\W+/g, "-"));
    await model.save(path);
    const back = (await loadModel(path)) as unknown as Model;
    expect(await predicted(back, x, all)).toEqual(await predicted(model, x, all));
    const on = await model.fit(given(x, all), given(y, all), options);
    expect(await back.fit(given(x, all), given(y, all), options)).toEqual(on);
    expect(back.getWeights()).toEqual(model.getWeights());
  });
});

test("each sequence is turned at its own length, in both directions and at every depth", async () => {
  const x = ragged(data(features, 1) as never) as never;
  const both = series();
  const [there, back] = bidirectional(lstm({ units: 4, ...every }), { mergeMode: "none" })(both);
  const pair = functional({ inputs: both, outputs: [there, back] }) as unknown as Model;
  const alone = (goBackwards: boolean): Model =>
    from((one) => lstm({ units: 4, goBackwards, ...every })(one) as Signal)();
  const [forward, backward] = [alone(false), alone(true)];
  forward.setWeights(pair.getWeights().slice(0, 3));
  backward.setWeights(pair.getWeights().slice(3));
  const [ahead, behind] = (await pair.predict(x)) as unknown as [Ragged, Ragged];
  expect(ahead.toArray()).toEqual(((await forward.predict(x)) as unknown as Ragged).toArray());
  // The layer alone gives its steps in the order in which it reads them: the last of the sequence first.
  const turned = ((await backward.predict(x)) as unknown as Ragged).toArray() as unknown[][];
  expect(behind.toArray()).toEqual(turned.map((row) => row.toReversed()));
});
