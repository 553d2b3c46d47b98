/** Whatever stands in the description of a model, reading it gives a network that can be described again, or an UnrollError. */
import { beforeAll, test, vi } from "vitest";
import { architectureOf, networkFrom } from "../../src/nn/model/architecture.ts";
import { jsonFrom } from "../../src/nn/model/fields.ts";
import { decodeSafetensors, type StoredTensors } from "../../src/nn/model/safetensors.ts";
import { leaky } from "../saving/models.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";
import { changedJson } from "./json.ts";
import { savedModels } from "./models.ts";

interface Sample {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly weights: StoredTensors;
}
let samples: readonly Sample[] = [];
let others: readonly Uint8Array[] = [];

beforeAll(async () => {
  samples = (await savedModels()).map(({ config, tensors }) => {
    const text = JSON.stringify((JSON.parse(config) as { model: unknown }).model);
    const weights = new Map(
      [...decodeSafetensors(tensors, "").tensors].filter(([name]) => !name.startsWith("training.")),
    );
    return { text, bytes: new TextEncoder().encode(text), weights };
  });
  others = samples.map(({ bytes }) => bytes);
  vi.stubEnv("UNROLL_DEBUG", ""); // as users have it
});

test("mutated descriptions of models", async () => {
  await attack({
    name: "config",
    make: (dice) => {
      const { text, bytes, weights } = dice.pick(samples);
      const changed = dice.oneIn(5)
        ? changedBytes(bytes, dice, others)
        : new TextEncoder().encode(changedJson(text, dice));
      return { changed, weights };
    },
    read: ({ changed, weights }) => {
      const value = jsonFrom(changed, "config.json");
      architectureOf(networkFrom(value, { cells: [leaky], weights }, "config.json, model"));
    },
    least: { values: 0.01, refused: 0.5 },
  });
});
