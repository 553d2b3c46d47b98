import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DeviceName, type DeviceOptions, setDevice } from "../device.ts";
import { dense } from "../layers/dense.ts";
import { input } from "../layers/input.ts";
import { gru } from "../layers/recurrent.ts";
import { loadModel, sequential } from "../models.ts";
import type { Model } from "../modelTypes.ts";

let folder = "";
const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-device-"));
  warn.mockClear();
});
afterEach(async () => {
  setDevice("reference");
  await rm(folder, { recursive: true });
});

const x = [
  [[1], [2]],
  [[2], [1]],
  [[0], [1]],
  [[1], [1]],
];
const y = [[1], [0], [1], [0]];
function small(): Model {
  const model: Model = sequential(input({ shape: [null, 1] }), gru({ units: 3 }), dense({ units: 1 }));
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
}
const recorded = async (): Promise<unknown> =>
  (JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as { readonly device: unknown }).device;

type Choice = readonly [DeviceName, DeviceOptions?];
/** An epoch on one device, saved, then another epoch on another one; what is said. */
async function resumed(first: Choice, then: Choice, options: object = {}): Promise<string> {
  setDevice(...first);
  const common = { batchSize: 2, checkpoint: { path: folder }, resume: true };
  await small().fit(x, y, { ...common, epochs: 1 });
  expect(warn).not.toHaveBeenCalled();
  setDevice(...then);
  const { epoch } = await small().fit(x, y, { ...common, epochs: 2, ...options });
  expect(epoch).toEqual([0, 1]);
  return warn.mock.calls.join("\n");
}

test("a model that was not trained has no device", async () => {
  await small().save(folder);
  expect(await recorded()).toBe(null);
});

test("a checkpoint tells device, mode and shards, and loading and saving elsewhere keep them", async () => {
  setDevice("wasm", { threads: 1, strict: true, shardRows: 2 });
  const model = small();
  await model.trainOnBatch(x, y);
  await model.save(folder);
  const facts = { name: "wasm", mode: "strict", shardRows: 2 };
  expect(await recorded()).toEqual(facts);
  setDevice("reference");
  const loaded = await loadModel(folder);
  await loaded.save(folder);
  expect(await recorded()).toEqual(facts);
  await loaded.fit(x, y, { verbose: 0 });
  await loaded.save(folder);
  expect(await recorded()).toEqual({ name: "reference", mode: "float64", shardRows: null });
});

describe("resuming elsewhere is said, with the call that gives the same bits", () => {
  const strict: Choice = ["wasm", { threads: 1, strict: true }];
  test.each<[string, Choice, Choice, RegExp]>([
    [
      "another device",
      strict,
      ["reference"],
      /was on wasm \(strict\) and goes on with reference \(float64\).*for the same: setDevice\("wasm", \{ strict: true \}\)\.$/,
    ],
    ["another device, the other way", ["reference"], strict, /for the same: setDevice\("reference"\)\.$/],
    [
      "other shards",
      ["wasm", { threads: 1, strict: true, shardRows: 1 }],
      strict,
      /wasm \(strict, 1 rows a shard\).*setDevice\("wasm", \{ strict: true, shardRows: 1 \}\)\.$/,
    ],
  ])("%s", async (_, first, then, message) => {
    expect(await resumed(first, then)).toMatch(message);
  });
  test("other threads are the same", async () => {
    expect(await resumed(strict, ["wasm", { threads: 2, strict: true }])).toBe("");
  });
  test("verbose: 0 says nothing", async () => {
    expect(await resumed(strict, ["reference"], { verbose: 0 })).toBe("");
  });
  test("after loadModel too", async () => {
    setDevice("reference");
    await small().fit(x, y, { batchSize: 2, checkpoint: { path: folder } });
    setDevice(...strict);
    const loaded = await loadModel(folder);
    await loaded.fit(x, y, { batchSize: 2, epochs: 2, resume: true });
    expect(warn.mock.calls.join()).toMatch(/was on reference/);
  });
});

test.each([
  [{ name: "abacus", mode: "strict", shardRows: null }, /config\.json, device\.name: .*"abacus"/],
  [{ name: "wasm", mode: 3, shardRows: null }, /device\.mode/],
  [{ name: "wasm", mode: "strict", shardRows: -1 }, /device\.shardRows/],
  [{ name: "wasm", mode: "strict", shardRows: null, evil: 1 }, /"evil"/],
  ["wasm", /device: expected an object/],
])("a file with the device %j is refused", async (device, message) => {
  setDevice("reference");
  await small().save(folder);
  const path = join(folder, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...config, device }));
  await expect(loadModel(folder)).rejects.toThrow(message);
});
