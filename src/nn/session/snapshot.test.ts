import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { causalModels, real, reals, roughened } from "../../../test/sessions.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { wasmDevice } from "../../core/run/wasmDevice.ts";
import { UnrollError } from "../../errors.ts";
import { dense } from "../layers/dense.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { checksum } from "../model/checksum.ts";
import { networkOf } from "../model/network.ts";
import { loadModel, sequential } from "../models.ts";
import { setSeed } from "../seed.ts";
import { openSession, type StepSession } from "./session.ts";

const device = wasmDevice({ threads: 1, strict: true });
const open = (model: object, batch: number | null = null): StepSession =>
  openSession(networkOf(model), device, { batch });
const make = (units = 4) => roughened(sequential(reals(), lstm({ units }), dense({ units: 2 })));
const pushed = (session: StepSession, x: unknown): number[] => [...(session.push(x) as Float32Array)];
const [a = [], b = [], c = []] = real;

describe("a session restored from a snapshot goes on bit for bit", () => {
  test.each(causalModels)("%s", (_, model, x) => {
    const own = model();
    const [session, other] = [open(roughened(own)), open(own)];
    for (const step of x.slice(0, 4)) session.push(step);
    const bytes = session.snapshot();
    const expected = x.slice(4).map((step) => pushed(session, step));
    other.push(x[1]);
    other.restore(bytes);
    expect(x.slice(4).map((step) => pushed(other, step))).toEqual(expected);
    session.restore(bytes);
    expect(session.snapshot()).toEqual(bytes);
  });

  test("of many streams, on another device, from any part of memory", () => {
    const own = make();
    const session = open(own, 3);
    session.push([a, b, c]);
    const bytes = session.snapshot();
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    const other = openSession(networkOf(own), referenceDevice(), { batch: 3 });
    other.restore(moved.subarray(3));
    expect(other.snapshot()).toEqual(bytes);
    other.reset();
    other.restore(Buffer.from(bytes)); // whose slices are no copies
    expect(other.snapshot()).toEqual(bytes);
    const one = open(own, 1);
    one.restore(open(own).snapshot()); // one stream is a batch of one
  });

  test("after the model was saved and loaded", async () => {
    const folder = await mkdtemp(join(tmpdir(), "unroll-snapshot-"));
    try {
      const own = make();
      const session = open(own);
      session.push(a);
      await own.save(join(folder, "model"));
      const loaded = await loadModel(join(folder, "model"));
      const other = open(loaded);
      other.restore(session.snapshot());
      expect(pushed(other, b)).toEqual(pushed(session, b));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("also when the model was trained on since", async () => {
    const own = make();
    const session = open(own);
    session.push(a);
    own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await own.trainOnBatch([real], [[1, -1]]);
    const other = open(own);
    other.restore(session.snapshot());
    session.refresh();
    expect(pushed(other, b)).toEqual(pushed(session, b));
  });
});

test("a snapshot is small: 28 bytes and the states", () => {
  expect(open(make(128)).snapshot().length).toBe(28 + 4 * 256);
  expect(open(make(8), 10).snapshot().length).toBe(28 + 4 * 16 * 10);
  expect(open(sequential(reals(), dense({ units: 2 }))).snapshot().length).toBe(28);
});

describe("a session refuses", () => {
  const own = make();
  const whole = (): Uint8Array => {
    const session = open(own, 2);
    session.push([a, b]);
    return session.snapshot();
  };
  /** With a checksum that fits. */
  const sealed = (bytes: Uint8Array, change: (view: DataView) => void): Uint8Array => {
    const view = new DataView(bytes.buffer);
    change(view);
    const end = bytes.length - 4;
    view.setUint32(end, Number.parseInt(checksum(bytes.subarray(0, end)), 16), true);
    return bytes;
  };
  const seeded = (): object => {
    setSeed(7);
    const model = make();
    setSeed(0);
    return model;
  };
  const reordered = () => sequential(reals(), lstm({ units: 4, activation: "sigmoid" }), dense({ units: 2 }));
  test.each<[string, () => unknown, RegExp]>([
    [
      "what are no bytes",
      () => "UnRS",
      /session\.restore\(bytes\): expected the bytes of a snapshot, a Uint8Array, got "UnRS"/,
    ],
    ["a buffer", () => whole().buffer, /a Uint8Array, got an object/],
    ["nothing", () => new Uint8Array(), /begin with "UnRS", got 0 bytes/],
    [
      "something else",
      () => new TextEncoder().encode("Unreadable, and long enough for a header"),
      /got 40 bytes that do not/,
    ],
    ["a beginning", () => whole().subarray(0, 20), /at least 24 bytes, got 20/],
    [
      "another version",
      () => sealed(whole(), (view) => view.setUint32(4, 2, true)),
      /expected version 1, got version 2/,
    ],
    ["one cut short", () => whole().subarray(0, 60), /92 bytes, as its beginning says, got 60: cut short/],
    ["one with more behind it", () => Uint8Array.of(...whole(), 0), /got 93/],
    [
      "one of immense size",
      () => sealed(whole(), (view) => view.setUint32(16, 0xffffffff, true)),
      /cut short or damaged/,
    ],
    ["a damaged state", () => whole().fill(1, 40, 41), /fit their checksum, got damaged ones/],
    [
      "another shape under the same hash",
      () =>
        sealed(whole(), (view) => {
          view.setUint32(16, 4, true);
          view.setUint32(20, 4, true);
        }),
      /another model/,
    ],
    [
      "another width",
      () => open(make(5), 2).snapshot(),
      /a snapshot of this model, got one of another model/,
    ],
    [
      "another kind of layer",
      () => open(sequential(reals(), gru({ units: 8 })), 2).snapshot(),
      /another model/,
    ],
    [
      "another input",
      () =>
        open(sequential(input({ shape: [null, 2] }), lstm({ units: 4 }), dense({ units: 2 })), 2).snapshot(),
      /another model/,
    ],
    ["another equation", () => open(reordered(), 2).snapshot(), /another model/],
    ["a model of another seed", () => open(seeded(), 2).snapshot(), /another model/],
    ["fewer streams", () => open(own).snapshot(), /a snapshot of 2 streams, got one of 1\. .*batch: 1/],
  ])("%s and stays as it was", (_, bytes, message) => {
    const [session, other] = [open(own, 2), open(own, 2)];
    session.push([a, c]);
    other.push([a, c]);
    expect(() => session.restore(bytes() as Uint8Array)).toThrow(message);
    expect(session.snapshot()).toEqual(other.snapshot());
  });

  test("bytes with any change, and never with another error", () => {
    const session = open(own, 2);
    const before = session.snapshot();
    const good = whole();
    const change = fc.record({ at: fc.nat(good.length - 1), to: fc.integer({ min: 1, max: 255 }) });
    const cut = fc.nat(good.length);
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        cut,
        fc.boolean(),
        (changes, length, short) => {
          const bytes = good.slice(0, short ? length : good.length);
          for (const { at, to } of changes) if (at < bytes.length) bytes[at] = good[at]! ^ to;
          if (bytes.length === good.length && bytes.every((byte, k) => byte === good[k])) return;
          expect(() => session.restore(bytes)).toThrow(UnrollError);
          expect(session.snapshot()).toEqual(before);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});
