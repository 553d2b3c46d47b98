/** Whatever stands in the description of a model, reading it gives a network that can be described again, or an UnrollError. */
import { beforeAll, test, vi } from "vitest";
import { architectureOf, networkFrom } from "../../src/nn/model/architecture.ts";
import { jsonFrom } from "../../src/nn/model/fields.ts";
import { leaky } from "../saving/models.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";
import { changedJson } from "./json.ts";
import { type Description, savedDescriptions } from "./models.ts";

interface Sample extends Description {
  readonly bytes: Uint8Array;
}
let samples: readonly Sample[] = [];
let others: readonly Uint8Array[] = [];

beforeAll(async () => {
  samples = (await savedDescriptions()).map((one) => ({ ...one, bytes: new TextEncoder().encode(one.text) }));
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
