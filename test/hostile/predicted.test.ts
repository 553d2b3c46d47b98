/**
 * What a mutated description of a model makes can be used: those that load predict from one short row of zeros, on both
 * devices, or say in an UnrollError why not.
 */
import { beforeAll, expect, test, vi } from "vitest";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { UnrollError } from "../../src/errors.ts";
import { networkFrom } from "../../src/nn/model/architecture.ts";
import { jsonFrom } from "../../src/nn/model/fields.ts";
import type { Network } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import { arranged } from "../../src/nn/model/structure.ts";
import { sizeOf, tensor } from "../../src/nn/model/tensor.ts";
import { leaky } from "../saving/models.ts";
import { diceOf } from "./dice.ts";
import { changedJson } from "./json.ts";
import { type Description, savedDescriptions } from "./models.ts";
import { watchdog } from "./watchdog.ts";

const inputs = Number(process.env["UNROLL_HOSTILE_PREDICTED"] ?? 20_000);
/** Numbers in a row that is made for a model. */
const most = 2 ** 16;
let samples: readonly Description[] = [];

beforeAll(async () => {
  samples = await savedDescriptions();
  vi.stubEnv("UNROLL_DEBUG", ""); // as users have it
});

/** The network of input `k`, or null where it is refused. */
function networkOfInput(k: number): Network | null {
  const dice = diceOf("predicted", k);
  const { text, weights } = dice.pick(samples);
  try {
    const value = jsonFrom(new TextEncoder().encode(changedJson(text, dice)), "config.json");
    return networkFrom(value, { cells: [leaky], weights }, "config.json, model");
  } catch (error) {
    if (error instanceof UnrollError) return null;
    throw error;
  }
}

/** A row of three steps; null where it would be large. */
function zerosFor({ inputs, inputsAs }: Network): unknown {
  const shapes = inputs.map(({ symbol }) => [1, ...symbol.axes.map((axis) => axis ?? 3)]);
  if (shapes.some((shape) => sizeOf(shape) > most)) return null;
  const tensors = inputs.map(({ symbol }, k) =>
    tensor(new Float32Array(sizeOf(shapes[k] ?? [])), shapes[k], symbol.dtype),
  );
  return arranged(inputsAs, tensors);
}

test("mutated models that load are asked", async () => {
  const devices = [referenceDevice(), wasmDevice({ threads: 1 })];
  const watched = watchdog("predicted");
  const outcomes = { predicted: 0, refused: 0 };
  for (let k = 0; k < inputs; k++) {
    watched.begin(k);
    const network = networkOfInput(k);
    const x = network && zerosFor(network);
    if (network === null || x === null) continue;
    for (const device of devices) {
      try {
        await predict(network, x, {}, device);
        outcomes.predicted++;
      } catch (error) {
        if (!(error instanceof UnrollError))
          throw new Error(`reader predicted, input ${k}`, { cause: error });
        outcomes.refused++;
      }
    }
  }
  watched.end();
  console.log("predicted:", outcomes);
  expect(outcomes.predicted).toBeGreaterThan(0.02 * inputs);
});
