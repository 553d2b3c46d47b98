/** What is wrong in the files of a model is told with file and field; test/hostile changes them 200,000 times. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { setDevice } from "../../src/nn/device.ts";
import { checksum } from "../../src/nn/model/checksum.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../src/nn/model/safetensors.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { earlyStopping } from "../../src/nn/train/callbacks.ts";
import { filesOf, networkFromFiles } from "../../src/nn/train/checkpoint.ts";
import { examples, leaky } from "./models.ts";

type Json = Record<string, unknown>;
type Files = ReadonlyMap<string, Uint8Array>;
const saved = new Map<string, Files>();
const configOf = (files: Files): Json =>
  JSON.parse(new TextDecoder().decode(files.get("config.json"))) as Json;
const withConfig = (files: Files, config: unknown): Files =>
  new Map([...files, ["config.json", new TextEncoder().encode(JSON.stringify(config))]]);
const load = (files: Files): unknown => networkFromFiles(files, "runs/a", { cells: [leaky] });

beforeAll(async () => {
  setDevice("reference");
  setSeed(1);
  for (const { name, make, x, y } of examples) {
    const model = make();
    const callbacks = [earlyStopping({ monitor: "loss", restoreBestWeights: true })];
    await model.fit(x as never, y as never, { epochs: 1, batchSize: 3, verbose: 0, callbacks });
    saved.set(name, filesOf(networkOf(model)));
  }
});
beforeEach(() => {
  expect(saved.size).toBe(examples.length);
});
const first = (): Files => saved.get(examples[0]?.name ?? "") ?? new Map();

/** What a path through JSON leads to, replaced. */
function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy: Json | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Json) };
  const next = replaced((copy as Json)[key], rest, by);
  if (next === undefined) delete (copy as Json)[key];
  else (copy as Json)[key] = next;
  return copy;
}

describe("told with file and field", () => {
  test.each<[string, (string | number)[], unknown, RegExp]>([
    ["another format", ["format"], "keras", /config\.json, format/],
    ["another version", ["version"], 2, /version.*got 2.*load it with that one/],
    ["an unknown field", ["more"], 1, /config\.json: expected fields.*"more"/],
    ["a missing field", ["device"], undefined, /the field "device"/],
    ["a path instead of a file", ["data", "file"], "../../secret", /data\.file/],
    ["another size", ["data", "bytes"], 12, /model\.safetensors: expected 12 bytes/],
    ["another checksum", ["data", "crc32"], "00000000", /checksum 00000000/],
    ["an unknown layer", ["model", "layers", 1, "layer"], "evil", /model\.layers\[1\].*"evil"/],
    ["an unknown option", ["model", "layers", 1, "options", "unitz"], 3, /model\.layers\[1\].*"unitz"/],
    [
      "another width",
      ["model", "layers", 1, "options", "units"],
      1e9,
      /weight "lstm_1\/kernel".*F32 \[3, 4000000000\]/,
    ],
    [
      "an option of another type",
      ["model", "layers", 2, "options", "units"],
      "7",
      /model\.layers\[2\].*units/,
    ],
    [
      "a call that is to come",
      ["model", "calls", 0, "inputs", 0],
      { call: 2, output: "output" },
      /calls\[0\]\.inputs\[0\]\.call/,
    ],
    ["an output that there is not", ["model", "outputs", 0, "output"], "c", /outputs\[0\]\.output.*got "c"/],
    [
      "an unknown optimizer",
      ["training", "compile", "optimizer", "name"],
      "constructor",
      /optimizer.*constructor/,
    ],
    ["a text as a number", ["training", "compile", "optimizer", "options", "beta1"], "x", /options\.beta1/],
    [
      "a schedule without a part",
      ["training", "compile", "optimizer", "options", "learningRate"],
      { schedule: "cosineDecay", options: {} },
      /initialLearningRate/,
    ],
    ["a negative step", ["training", "step"], -1, /training\.step/],
    ["slots of another optimizer", ["training", "slots"], ["momentum"], /training\.slots/],
    [
      "an array that is not there",
      ["training", "run", "callbacks", 0, "weights", 0],
      { $array: "nowhere" },
      /run\.callbacks\[0\]\.weights\[0\]/,
    ],
    ["states of no layer", ["carried"], { "lstm_9/h": 3 }, /carried, "lstm_9\/h"/],
  ])("%s", (_, path, by, message) => {
    const files = withConfig(first(), replaced(configOf(first()), path, by));
    expect(() => load(files)).toThrow(message);
    expect(() => load(files)).toThrow(UnrollError);
  });

  test.each<[string, (string | number)[], unknown, RegExp]>([
    [
      "quantiles that fall",
      [2, "loss", "options", "probabilities"],
      [0.8, 0.2],
      /outputs\[2\]\.loss.*rising/,
    ],
    [
      "a quantile that is none",
      [2, "loss", "options", "probabilities", 1],
      null,
      /probabilities: expected a number/,
    ],
    ["half a component", [1, "loss", "options", "components"], 0.5, /outputs\[1\]\.loss.*components/],
    [
      "no components",
      [1, "loss", "options", "components"],
      undefined,
      /outputs\[1\].*the field "components"/,
    ],
  ])("%s", (_, path, by, message) => {
    const files = saved.get("distributions, one of each kind") ?? new Map();
    const broken = withConfig(
      files,
      replaced(configOf(files), ["training", "compile", "outputs", ...path], by),
    );
    expect(() => load(files)).not.toThrow();
    expect(() => load(broken)).toThrow(message);
    expect(() => load(broken)).toThrow(UnrollError);
  });

  test("a file that is not there, cut off, or no JSON", () => {
    const { "model.safetensors": data, "config.json": config } = Object.fromEntries(first());
    expect(() => load(new Map([["config.json", config as Uint8Array]]))).toThrow(
      /runs\/a\/model\.safetensors/,
    );
    const cut = (bytes: Uint8Array | undefined): Uint8Array => (bytes ?? new Uint8Array()).slice(0, -5);
    expect(() => load(new Map([...first(), ["model.safetensors", cut(data)]]))).toThrow(
      /model\.safetensors.*bytes/,
    );
    expect(() => load(new Map([...first(), ["config.json", cut(config)]]))).toThrow(
      /config\.json: expected JSON/,
    );
  });

  test("a damaged number", () => {
    const data = first().get("model.safetensors")?.slice() ?? new Uint8Array();
    data[data.length - 1]! ^= 1;
    expect(() => load(new Map([...first(), ["model.safetensors", data]]))).toThrow(/checksum/);
  });

  test.each(["lstm_1/kernel", "training.slots/momentum/lstm_1/kernel"])("infinity in %s", (name) => {
    const { tensors } = decodeSafetensors(first().get("model.safetensors") ?? new Uint8Array(), "");
    const tensor = tensors.get(name) as StoredTensor;
    tensor.data[0] = Number.POSITIVE_INFINITY;
    const data = encodeSafetensors(tensors, { format: "unroll-model" });
    const about = { file: "model.safetensors", bytes: data.length, crc32: checksum(data) };
    const files = withConfig(new Map([...first(), ["model.safetensors", data]]), {
      ...configOf(first()),
      data: about,
    });
    expect(() => load(files)).toThrow(`runs/a/model.safetensors, tensor "${name}": expected finite numbers`);
  });

  test("names that reach into objects, and nesting without end", () => {
    const text = JSON.stringify(configOf(first()));
    const with_ = (part: string): Files =>
      new Map([
        ...first(),
        ["config.json", new TextEncoder().encode(text.replace(/"device":\{[^}]*\}/, `"device":${part}`))],
      ]);
    expect(() => load(with_('{"__proto__":{"polluted":1}}'))).toThrow(/"__proto__"/);
    expect(() => load(with_(`${"[".repeat(100_000)}${"]".repeat(100_000)}`))).toThrow(/levels/);
    expect(({} as Json)["polluted"]).toBe(undefined);
  });
});
