/** The files of small trained models of every kind of layer: what the mutations of files begin with. */
import { setDevice } from "../../src/nn/device.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { decodeSafetensors, type StoredTensors } from "../../src/nn/model/safetensors.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { earlyStopping } from "../../src/nn/train/callbacks.ts";
import { filesOf } from "../../src/nn/train/checkpoint.ts";
import { examples } from "../saving/models.ts";

/** What a config.json says of a model, and the model's weights. */
export interface Description {
  readonly text: string;
  readonly weights: StoredTensors;
}
export interface Saved {
  readonly name: string;
  readonly config: string;
  readonly tensors: Uint8Array;
}

export async function savedModels(): Promise<readonly Saved[]> {
  setDevice("reference");
  setSeed(1);
  const all: Saved[] = [];
  for (const { name, make, x, y } of examples) {
    const model = make();
    const callbacks = [earlyStopping({ monitor: "loss", restoreBestWeights: true })];
    await model.fit(x as never, y as never, { epochs: 1, batchSize: 3, verbose: 0, callbacks });
    const files = filesOf(networkOf(model));
    const config = new TextDecoder().decode(files.get("config.json"));
    all.push({ name, config, tensors: files.get("model.safetensors") ?? new Uint8Array() });
  }
  return all;
}

export async function savedDescriptions(): Promise<readonly Description[]> {
  return (await savedModels()).map(({ config, tensors }) => {
    const all = [...decodeSafetensors(tensors, "").tensors];
    return {
      text: JSON.stringify((JSON.parse(config) as { model: unknown }).model),
      weights: new Map(all.filter(([name]) => !name.startsWith("training."))),
    };
  });
}
