/**
 * Saving is the identity: the configuration of every layer, with options drawn from all there are, goes through JSON and
 * makes a layer with the same configuration and the same graph. Weights: src/nn/model/safetensors.test.ts; whole models,
 * their optimizers and what they predict: test/saving/roundTrip.test.ts.
 */
import { expect, test } from "vitest";
import { printGraph } from "../../src/core/graph/print.ts";
import { definitionOf, type LayerConfig } from "../../src/nn/layers/layer.ts";
import { layerNames } from "../../src/nn/layers/registry.ts";
import { drawnLayers, made } from "../gradients/drawnLayers.ts";
import { type NetworkCase, type Piece, prepared } from "../gradients/networks.ts";

const throughJson = (config: LayerConfig): LayerConfig => JSON.parse(JSON.stringify(config)) as LayerConfig;
/** The layer made again; what is no layer but calls one stays. */
const again = (piece: Piece): Piece => {
  const definition = definitionOf(piece);
  return definition === null ? piece : made(throughJson(definition.config()));
};
const printed = (one: NetworkCase): string => printGraph(prepared(one).results);

/** The layer made again, of options whose object is emptied afterwards. */
const ofOptionsGone = (piece: Piece): Piece => {
  const definition = definitionOf(piece);
  if (definition === null) return piece;
  const config = throughJson(definition.config());
  const options: Record<string, unknown> = { ...config.options };
  const remade = made({ ...config, options });
  for (const name of Object.keys(options)) delete options[name];
  return remade;
};

test.each(layerNames)("%s does not follow what becomes of the object of its options", (layer) => {
  for (const { name, network } of drawnLayers(layer)) {
    const gone = network.layers.map(ofOptionsGone);
    const configs = (layers: readonly Piece[]): unknown => layers.map((one) => definitionOf(one)?.config());
    expect(configs(gone), name).toEqual(configs(network.layers));
    expect(printed({ ...network, layers: gone }), name).toBe(printed(network));
  }
});

test.each(layerNames)("%s", (layer) => {
  for (const { name, network } of drawnLayers(layer)) {
    for (const { definition } of prepared(network).network.layers) {
      const config = definition.config();
      expect(definitionOf(made(throughJson(config)))?.config(), name).toEqual(config);
    }
    expect(printed({ ...network, layers: network.layers.map(again) }), name).toBe(printed(network));
  }
});
