/** Whatever stands in the two files of a checkpoint, loading gives a network that can be saved again, or an UnrollError. */
import { beforeAll, test, vi } from "vitest";
import { checksum } from "../../src/nn/model/checksum.ts";
import { filesOf, networkFromFiles } from "../../src/nn/train/checkpoint.ts";
import { leaky } from "../saving/models.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { changedJson } from "./json.ts";
import { type Saved, savedModels } from "./models.ts";
import { changedTensors } from "./tensors.ts";

type Files = ReadonlyMap<string, Uint8Array>;
let samples: readonly Saved[] = [];
/** They are read in the shortest time. */
let smallest: readonly Saved[] = [];
let configs: readonly Uint8Array[] = [];
let tensors: readonly Uint8Array[] = [];
const encoder = new TextEncoder();

beforeAll(async () => {
  samples = await savedModels();
  smallest = [...samples].sort((a, b) => a.tensors.length - b.tensors.length).slice(0, 4);
  configs = samples.map(({ config }) => encoder.encode(config));
  tensors = samples.map((one) => one.tensors);
  vi.stubEnv("UNROLL_DEBUG", ""); // as users have it
});

/** Most often all but the description of the model, which the reader `config` is for. */
function changed(dice: Dice): Files {
  const sample = dice.pick(dice.oneIn(4) ? samples : smallest);
  const data = dice.oneIn(3) ? changedTensors(sample.tensors, dice, tensors) : sample.tensors;
  const { model, ...rest } = JSON.parse(sample.config) as Record<string, unknown>;
  const about = { file: "model.safetensors", bytes: data.length, crc32: checksum(data) };
  const text = JSON.stringify({ ...rest, data: about });
  const other = data === sample.tensors || dice.oneIn(8) ? changedJson(text, dice) : text;
  const whole = `{"model":${JSON.stringify(model)},${other.slice(1)}`;
  const config = dice.oneIn(8) ? changedBytes(dice.pick(configs), dice, configs) : encoder.encode(whole);
  return new Map([
    ["model.safetensors", data],
    ["config.json", config],
  ]);
}

test("mutated checkpoints", async () => {
  await attack({
    name: "checkpoint",
    make: changed,
    read: (files) => void filesOf(networkFromFiles(files, "runs/a", { cells: [leaky] })),
    least: { values: 0.01, refused: 0.5 },
  });
});
