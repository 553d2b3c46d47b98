import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { causalModels, real, reals, roughened, sessionDevices, words } from "../../../test/sessions.ts";
import type { Device } from "../../core/run/device.ts";
import { wasmDevice } from "../../core/run/wasmDevice.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { masking } from "../layers/masking.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { type Network, networkOf } from "../model/network.ts";
import { predict } from "../model/predict.ts";
import type { Tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { add } from "../operators.ts";
import type { Pushed } from "./push.ts";
import { openSession, type StepSession } from "./session.ts";

const strict = wasmDevice({ threads: 1, strict: true });
const numbers = (y: Pushed): number[] =>
  y instanceof Float32Array ? [...y] : Object.values<Float32Array>({ ...y }).flatMap((one) => [...one]);
const pushMany = (session: StepSession, xs: readonly unknown[], rows?: readonly number[]): number[][] =>
  (session.push(xs, rows ? { rows } : undefined) as readonly Pushed[]).map(numbers);
const open = (network: Network, batch: number): StepSession => openSession(network, strict, { batch });

/** The sequence begun at another step. */
const turned = (x: readonly unknown[], by: number): readonly unknown[] => [
  ...x.slice(by % x.length),
  ...x.slice(0, by % x.length),
];

/** The same bits; the reference device has float64 within a run, and float32 from push to push. */
function agree(device: Device, y: readonly number[], expected: readonly number[]): void {
  expect(y.length).toBe(expected.length);
  if (device.name !== "reference") return expect(y).toEqual(expected);
  for (const [k, value] of y.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6);
}

describe.each(sessionDevices)(
  "every stream of a batch has what predict says of its sequence, %s",
  (_, device) => {
    test.each(causalModels)("%s", async (_name, make, x) => {
      const network = networkOf(roughened(make()));
      const streams = 5;
      const sequences = Array.from({ length: streams }, (_, row) => turned(x, row));
      const { data } = (await predict(network, sequences, {}, device)) as Tensor;
      const size = data.length / streams;
      const byStep = network.outputs[0]?.time !== null;
      const session = openSession(network, device, { batch: streams });

      const together = sequences.map((): number[][] => []);
      for (let t = 0; t < x.length; t++)
        pushMany(
          session,
          sequences.map((sequence) => sequence[t]),
        ).forEach((y, row) => void together[row]?.push(y));
      const last = (outputs: readonly number[][]): number[] =>
        byStep ? outputs.flat() : (outputs.at(-1) ?? []);
      for (const [row, outputs] of together.entries())
        agree(device, last(outputs), [...data.slice(row * size, (row + 1) * size)]);

      // now each begins a step later than the one before, and those that have ended leave
      session.reset();
      const apart = sequences.map((): number[][] => []);
      for (let t = 0; t < x.length + streams - 1; t++) {
        const rows = [4, 2, 0, 1, 3].filter((row) => t >= row && t - row < x.length);
        const xs = rows.map((row) => sequences[row]?.[t - row]);
        for (const [k, y] of pushMany(session, xs, rows).entries()) apart[rows[k] as number]?.push(y);
      }
      expect(apart).toEqual(together);
    });
  },
);

/** A small model, and what one step of it can be. */
const models: readonly (readonly [string, () => object, fc.Arbitrary<unknown>])[] = [
  [
    "numbers, some of them masked",
    () => sequential(reals(), masking(), gru({ units: 3, initialState: "learned", returnSequences: true })),
    fc.constantFrom(...real, [0, 0, 0]),
  ],
  [
    "tokens, many to one",
    () => sequential(words(), embedding({ inputDim: 6, outputDim: 2, maskZero: true }), lstm({ units: 5 })),
    fc.nat(5),
  ],
  [
    "several inputs and outputs",
    () => {
      const [x, word] = [reals(), words()];
      const g = gru({ units: 4 })(embedding({ inputDim: 6, outputDim: 2 })(word));
      return functional({
        inputs: { x, word },
        outputs: [add(lstm({ units: 4 })(x), g), dense({ units: 1 })(g)],
      });
    },
    fc.record({ x: fc.constantFrom(...real), word: fc.nat(5) }),
  ],
];

describe("whatever is done to streams, each is as a session of its own", () => {
  const streams = 7;
  interface Act {
    readonly kind: "all" | "some" | "reset" | "resetAll" | "fork" | "snapshot" | "restore" | "reorder";
    readonly rows: readonly number[];
    readonly xs: readonly unknown[];
    readonly from: readonly number[];
  }
  test.each(models)("%s", (_, make, step) => {
    const network = networkOf(roughened(make()));
    const act = fc.record<Act>({
      kind: fc.constantFrom(
        "all",
        "some",
        "some",
        "some",
        "reset",
        "resetAll",
        "fork",
        "snapshot",
        "restore",
        "reorder",
      ),
      rows: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6]),
      xs: fc.array(step, { minLength: streams, maxLength: streams }),
      from: fc.array(fc.nat(streams - 1), { maxLength: streams }),
    });
    const singles = Array.from({ length: streams }, () => openSession(network, strict));
    const follow = (acts: readonly Act[]): void => {
      let session = open(network, streams);
      for (const single of singles) single.reset();
      let kept = session.snapshot();
      let keptSingly = singles.map((single) => single.snapshot());
      const alone = (row: number, x: unknown): number[] =>
        numbers((singles[row] as StepSession).push(x) as Pushed);
      for (const { kind, rows, xs, from } of acts) {
        if (kind === "all") expect(pushMany(session, xs)).toEqual(xs.map((x, row) => alone(row, x)));
        if (kind === "some") {
          const some = xs.slice(0, rows.length);
          expect(pushMany(session, some, rows)).toEqual(some.map((x, k) => alone(rows[k] as number, x)));
        }
        if (kind === "reset")
          for (const row of rows) {
            session.reset(row);
            singles[row]?.reset();
          }
        if (kind === "resetAll") {
          session.reset();
          for (const single of singles) single.reset();
        }
        if (kind === "fork") {
          const before = session;
          session = session.fork();
          pushMany(before, xs); // which is no business of the fork
        }
        if (kind === "snapshot") {
          kept = session.snapshot();
          keptSingly = singles.map((single) => single.snapshot());
        }
        if (kind === "reorder") {
          session.reorder(from);
          const states = singles.map((single) => single.snapshot());
          for (const [k, row] of from.entries()) singles[k]?.restore(states[row] as Uint8Array);
        }
        if (kind === "restore") {
          session.restore(kept);
          singles.forEach((single, row) => single.restore(keptSingly[row] as Uint8Array));
        }
      }
    };
    fc.assert(fc.property(fc.array(act, { minLength: 4, maxLength: 12 }), follow), { numRuns: 40, seed: 1 });
  });
});

describe("streams", () => {
  const network = networkOf(roughened(sequential(reals(), lstm({ units: 4 }), dense({ units: 2 }))));
  const [a = [], b = [], c = []] = real;

  test("any number of them advances, in any order", () => {
    const all = 50;
    const session = open(network, all);
    const singles = Array.from({ length: all }, () => openSession(network, strict));
    for (let count = 0; count <= all; count++) {
      const rows = Array.from({ length: count }, (_, k) => (7 * k + count) % all);
      const xs = rows.map((row) => real[(row + count) % real.length] ?? []);
      const expected = rows.map((row, k) => numbers(singles[row]?.push(xs[k]) as Pushed));
      expect(pushMany(session, xs, rows)).toEqual(expected);
    }
  });

  test("their outputs stay where they are until their own next push", () => {
    const session = open(network, 3);
    const all = session.push([a, b, c]) as readonly Float32Array[];
    const before = all.map((y) => [...y]);
    const some = session.push([c, a], { rows: Uint8Array.of(2, 0) }) as readonly Float32Array[];
    expect(some[0]).toBe(all[2]);
    expect(some[1]).toBe(all[0]);
    expect([...(all[1] ?? [])]).toEqual(before[1]);
    expect([...(all[0] ?? [])]).not.toEqual(before[0]);
    expect(session.push([b, b, b])).toBe(all);
  });

  test("a batch of one is an array of one", () => {
    const [single, batch] = [openSession(network, strict), open(network, 1)];
    for (const x of real) expect(pushMany(batch, [x])).toEqual([numbers(single.push(x) as Pushed)]);
    expect(pushMany(batch, [], [])).toEqual([]);
  });

  test("tokens may come in a typed array", () => {
    const tokens = networkOf(
      sequential(words(), embedding({ inputDim: 6, outputDim: 2 }), gru({ units: 2 })),
    );
    const [one, other] = [open(tokens, 3), open(tokens, 3)];
    expect(pushMany(one, Int32Array.of(3, 0, 5) as never)).toEqual(pushMany(other, [3, 0, 5]));
  });

  test("of sessions with other weights may take turns", () => {
    const own = sequential(reals(), gru({ units: 3 }));
    const before = open(networkOf(roughened(own)), 3);
    const alone = before.fork();
    networkOf(own).variables[0]?.value.fill(0.25);
    networkOf(own).version++;
    const after = open(networkOf(own), 3);
    const expected = real.map((x) => pushMany(alone, [x, b], [2, 0]));
    const alternating = real.map((x) => {
      pushMany(after, [x, x, x]);
      return pushMany(before, [x, b], [2, 0]);
    });
    expect(alternating).toEqual(expected);
  });

  test.each<[string, unknown, unknown, RegExp]>([
    [
      "too few steps",
      [a, b],
      undefined,
      /session\.push\(xs\): expected an array of 3 steps, one for each stream, got an array of 2/,
    ],
    ["one step", a.slice(0, 1), undefined, /got an array of 1/],
    ["no array", 3, undefined, /got 3/],
    [
      "a narrow step",
      [a, b, [1, 2]],
      undefined,
      /session\.push\(xs\), row 2: expected one step, \[3\], got an array of 2/,
    ],
    ["another option", [a, b], { rows: [2, 1], xs: 0 }, /expected an option that it knows, got "xs"/],
    [
      "a narrow step of some",
      [a, [1, 2]],
      { rows: [2, 1] },
      /session\.push\(xs\), row 1: expected one step, \[3\], got an array of 2/,
    ],
    [
      "not finite",
      [a, [1, Number.NaN, 2]],
      { rows: [2, 1] },
      /row 1, number 1: expected a finite number, got NaN/,
    ],
    [
      "more steps than rows",
      [a, b, c],
      { rows: [2, 1] },
      /an array of 2 steps, one for each of the rows, got an array of 3/,
    ],
    [
      "a row beyond the last",
      [a, b],
      { rows: [0, 3] },
      /session\.push\(xs, \{ rows \}\), rows\[1\]: expected a stream from 0 to 2, got 3/,
    ],
    ["a negative row", [a], { rows: [-1] }, /got -1/],
    ["half a row", [a], { rows: [0.5] }, /got 0\.5/],
    [
      "a row twice",
      [a, b, c],
      { rows: [1, 0, 1] },
      /rows\[2\]: expected each stream once, got stream 1 again/,
    ],
    [
      "rows that are none",
      [a],
      { rows: 1 },
      /session\.push\(options\), rows: expected an array of streams, got 1/,
    ],
    ["rows alone", [a], [1], /session\.push\(options\): expected a plain object/],
  ])("refuse %s and stay as they were", (_, xs, options, message) => {
    const [session, other] = [open(network, 3), open(network, 3)];
    session.push([a, b, c]);
    other.push([a, b, c]);
    expect(() => session.push(xs, options as never)).toThrow(message);
    expect(pushMany(session, [b, c], [1, 2])).toEqual(pushMany(other, [b, c], [1, 2]));
    expect(pushMany(session, [a, b, c])).toEqual(pushMany(other, [a, b, c]));
  });

  test("begin anew one by one, and no other than there are", () => {
    const session = open(network, 3);
    const begun = pushMany(session, [a, a, a]);
    session.reset(1);
    const [, second, third] = pushMany(session, [b, a, a]);
    expect(second).toEqual(begun[1]);
    expect(third).not.toEqual(begun[2]);
    expect(() => session.reset(3)).toThrow(/session\.reset\(row\): expected a stream from 0 to 2, got 3/);
    expect(() => session.reset("1" as never)).toThrow(/got "1"/);
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a row that there is not",
      [0, 3],
      /session\.reorder\(rows\), rows\[1\]: expected a stream from 0 to 2, got 3/,
    ],
    ["more rows than streams", [0, 1, 2, 0], /expected an array of streams, 3 at most, got one of 4/],
    ["one row", 1, /got 1/],
  ])("are not reordered by %s", (_, rows, message) => {
    const [session, other] = [open(network, 3), open(network, 3)];
    expect(() => session.reorder(rows as never)).toThrow(message);
    expect(pushMany(session, [a, b, c])).toEqual(pushMany(other, [a, b, c]));
  });
});
