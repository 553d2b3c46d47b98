/** The way back from a configuration to a layer: every public layer by the name of its function. */

import { UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import type { Cell } from "../cells/defineCell.ts";
import { spelt } from "../options.ts";
import { activation } from "./activation.ts";
import { attention } from "./attention.ts";
import { bidirectional } from "./bidirectional.ts";
import { givingStates } from "./call.ts";
import { conv1d } from "./conv1d.ts";
import { conv2d } from "./conv2d.ts";
import { convLstm2d } from "./convLstm2d.ts";
import { crf } from "./crf.ts";
import { delayTaps } from "./delayTaps.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import type { Facts } from "./facts.ts";
import { flatten } from "./flatten.ts";
import { globalAveragePooling1d, globalMaxPooling1d } from "./globalPooling1d.ts";
import { gaussian, gaussianMixture, quantiles } from "./heads.ts";
import { jordanRNN } from "./jordanRNN.ts";
import { type Definition, definitionOf, type LayerConfig } from "./layer.ts";
import { layerNormalization } from "./layerNormalization.ts";
import { lru } from "./lru.ts";
import { masking } from "./masking.ts";
import { minGRU, minLSTM } from "./minGru.ts";
import { multiHeadAttention } from "./multiHeadAttention.ts";
import { averagePooling1d, maxPooling1d } from "./pooling1d.ts";
import { averagePooling2d, globalAveragePooling2d, globalMaxPooling2d, maxPooling2d } from "./pooling2d.ts";
import { positionalEncoding } from "./positionalEncoding.ts";
import { gru, lstm, recurrent, simpleRNN } from "./recurrent.ts";
import { repeatVector } from "./repeatVector.ts";
import { slstm } from "./slstm.ts";
import { sru } from "./sru.ts";
import { sumMemory } from "./sumMemory.ts";
import { timeDistributed } from "./timeDistributed.ts";

type Maker = (
  options: Readonly<Record<string, unknown>>,
  inner: () => Facts,
  cells: readonly Cell[],
) => Facts;
// Each function checks its options at run time, so options from outside may be passed as they are; layers that are
// called on several symbols are layers too, though not of one signal.
const made =
  (layer: (options: never) => unknown): Maker =>
  (options) =>
    layer(options as never) as Facts;

const makers: Readonly<Record<string, Maker>> = {
  embedding: made(embedding),
  masking: made(masking),
  dense: made(dense),
  gaussian: made(gaussian),
  gaussianMixture: made(gaussianMixture),
  quantiles: made(quantiles),
  dropout: made(dropout),
  activation: ({ activation: f, ...options }) => activation(f as never, options),
  flatten: made(flatten),
  layerNormalization: made(layerNormalization),
  repeatVector: made(repeatVector),
  conv2d: made(conv2d),
  convLstm2d: made(convLstm2d),
  maxPooling2d: made(maxPooling2d),
  averagePooling2d: made(averagePooling2d),
  globalAveragePooling2d: made(globalAveragePooling2d),
  globalMaxPooling2d: made(globalMaxPooling2d),
  attention: made(attention),
  multiHeadAttention: made(multiHeadAttention),
  positionalEncoding: made(positionalEncoding),
  conv1d: made(conv1d),
  delayTaps: made(delayTaps),
  maxPooling1d: made(maxPooling1d),
  averagePooling1d: made(averagePooling1d),
  globalMaxPooling1d: made(globalMaxPooling1d),
  globalAveragePooling1d: made(globalAveragePooling1d),
  simpleRNN: made(simpleRNN),
  lstm: made(lstm),
  gru: made(gru),
  minGRU: made(minGRU),
  minLSTM: made(minLSTM),
  sru: made(sru),
  lru: made(lru),
  slstm: made(slstm),
  // In a seq2seq it gives its last state, which is no option of its own.
  jordanRNN: (given) => {
    const { returnState, ...options } = given;
    if (returnState !== true) return jordanRNN(given as never) as Facts;
    return givingStates(definitionOf(jordanRNN(options as never)) as Definition); // it is a layer
  },
  sumMemory: made(sumMemory),
  recurrent: ({ cell, ...options }, _, cells) => recurrent(cellNamed(String(cell), cells), options as never),
  crf: made(crf),
  timeDistributed: (options, inner) => timeDistributed(inner(), options),
  bidirectional: (options, inner) => bidirectional(inner() as never, options),
};

/** Every layer that a saved model can name. */
export const layerNames: readonly string[] = Object.keys(makers);

/** The layer of a configuration; `cells` are those of one's own that it may name. */
export function layerFrom(config: LayerConfig, cells: readonly Cell[] = []): Facts {
  const maker = Object.hasOwn(makers, config.layer) ? makers[config.layer] : undefined;
  if (maker === undefined) throw unknown("a layer of this library", config.layer, Object.keys(makers));
  return maker(config.options, () => layerFrom(innerOf(config), cells), cells);
}

function innerOf({ layer, inner }: LayerConfig): LayerConfig {
  if (inner) return inner;
  throw new UnrollError({
    where: `layer "${layer}"`,
    expected: "the layer inside",
    got: "none",
    fix: "Check the file of the model.",
  });
}

function cellNamed(name: string, cells: readonly Cell[]): Cell {
  const cell = cells.find((own) => own.name === name);
  if (cell) return cell;
  throw new UnrollError({
    where: `cell ${spelt(name)}`,
    expected: "a cell of this name",
    got: cells.length === 0 ? "no cells" : cells.map((own) => `"${own.name}"`).join(", "),
    fix: "Give the cells of your own: loadModel(path, { cells: [cell] }).",
  });
}

function unknown(expected: string, got: string, names: readonly string[]): UnrollError {
  const near = nearest(got, names);
  const fix = near ? `Did you mean "${near}"?` : `There are ${names.join(", ")}.`;
  return new UnrollError({ where: "the configuration of a layer", expected, got: spelt(got), fix });
}
