/** Layers with drawn options, on inputs of drawn shapes: every value of every option (layerDraws.ts) comes up. */
import { UnrollError } from "../../src/errors.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { type Definition, definitionOf, type LayerConfig } from "../../src/nn/layers/layer.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { leaky } from "../saving/models.ts";
import { type Draw, drawFor, drawnTimes } from "./draw.ts";
import { type LayerDraw, layerDraws } from "./layerDraws.ts";
import type { NetworkCase, Piece } from "./networks.ts";

type Options = Readonly<Record<string, unknown>>;
export interface DrawnLayer {
  /** What was drawn, as text. */
  readonly name: string;
  readonly network: NetworkCase;
}
/** Cases of a layer that has nothing to draw but shapes. */
const least = 4;

const drawsOf = (layer: string): LayerDraw => {
  const found = layerDraws[layer];
  if (found === undefined) throw new Error(`"${layer}" has no entry in test/gradients/layerDraws.ts.`);
  return found;
};
export const made = (config: LayerConfig): Piece => layerFrom(config, [leaky]) as unknown as Piece;

/** The options that a layer knows: it names them when it is given one that it does not. */
export function optionsOf(layer: string): readonly string[] {
  const { asking = {}, inner } = drawsOf(layer);
  const config = { layer, options: { ...asking, "-- none --": 0 }, ...innerOf(inner?.(drawFor(layer))) };
  try {
    made(config);
  } catch (error) {
    const [, names] = /There are (.*)\.$/.exec(error instanceof UnrollError ? error.message : "") ?? [];
    if (names !== undefined) return names.split(", ");
  }
  throw new Error(`"${layer}" does not name its options.`);
}
const innerOf = (inner: LayerConfig | undefined): Pick<LayerConfig, "inner"> => (inner ? { inner } : {});

/** Networks of one layer, until each value of each option was in one of them, and more by UNROLL_DRAWN_GRADIENTS. */
export function drawnLayers(layer: string): readonly DrawnLayer[] {
  const draws = drawsOf(layer);
  const all = Object.entries(draws.options ?? {}).flatMap(([option, values]) =>
    values === "refused" ? [] : values.map((value) => ({ option, value })),
  );
  const cases: DrawnLayer[] = [];
  for (let round = 0; round < drawnTimes; round++) {
    let left = all;
    for (let k = 0; left.length > 0 || k < least; k++) {
      if (k > 10 * all.length + least) throw new Error(`"${layer}": ${left[0]?.option} never comes up.`);
      const draw = drawFor(layer, round, k);
      const options = optionsFor(draws, draw, left, all);
      cases.push(caseOf(layer, draws, options, draw));
      left = left.filter(({ option, value }) => options[option] !== value);
    }
  }
  return cases;
}

type Choices = readonly { readonly option: string; readonly value: unknown }[];
/** The first value that is left, and some of the others. */
function optionsFor(draws: LayerDraw, draw: Draw, left: Choices, all: Choices): Options {
  const [first] = left;
  const names = [...new Set(all.map(({ option }) => option))].filter((option) => option !== first?.option);
  const others = names
    .filter(() => draw.chance(0.4))
    .map((name) => {
      const ofName = ({ option }: { readonly option: string }): boolean => option === name;
      const open = left.filter(ofName);
      return draw.oneOf(open.length > 0 ? open : all.filter(ofName));
    });
  const chosen = Object.fromEntries(
    [...(first ? [first] : []), ...others].map(({ option, value }) => [option, value]),
  );
  return { ...draws.base(draw, chosen), ...chosen, ...draws.settled?.(chosen) };
}

function caseOf(layer: string, draws: LayerDraw, options: Options, draw: Draw): DrawnLayer {
  const config = { layer, options, ...innerOf(draws.inner?.(draw)) };
  const piece = made(config);
  const definition = definitionOf(piece) as Definition;
  const network = {
    ...placed(piece, definition, { draws, options, draw }),
    ...at(layer, definition, options, draw),
  };
  const { layers: _, ...place } = network;
  const inner = config.inner ? ` of ${config.inner.layer} ${JSON.stringify(config.inner.options)}` : "";
  return { name: `${JSON.stringify(options)}${inner}, ${JSON.stringify(place)}`, network };
}

/** Whether dropout is at work, states come from outside, targets are fed. */
function at(layer: string, { states }: Definition, options: Options, draw: Draw): Partial<NetworkCase> {
  const { dropout, recurrentDropout, rate, zoneout, scheduledSampling, teacherForcing } = options;
  const dropping =
    dropout ?? recurrentDropout ?? (layer === "dropout" ? rate : undefined) ?? scheduledSampling;
  const feeds = layer === "jordanRNN" && teacherForcing !== false;
  return {
    training: dropping !== undefined || (zoneout !== undefined && draw.chance(0.6)),
    given: states.length > 0 && (options["stateful"] === true || draw.chance(0.25)),
    forced: feeds && (scheduledSampling !== undefined || draw.chance(0.5)),
  };
}

interface Placing {
  readonly draws: LayerDraw;
  readonly options: Options;
  readonly draw: Draw;
}
/** The layer on an input that it takes. */
function placed(
  layer: Piece,
  { takes, operands }: Definition,
  { draws, options, draw }: Placing,
): NetworkCase {
  const kind = draws.takes ?? (operands ? "sequence" : draw.oneOf(takes));
  const lengths = Array.from({ length: draw.whole(1, 3) }, () => draw.whole(0, 4)).with(0, draw.whole(1, 4));
  const features = draws.features?.(options) ?? draw.whole(1, 3);
  const usual = { layers: [layer], lengths, features, fixed: draws.fixed ?? false };
  const steps = Math.max(...lengths);
  if (kind === "tokens") {
    const tokens = lengths.map(() =>
      Array.from({ length: steps }, () => draw.whole(0, Number(options["inputDim"]) - 1)),
    );
    return { ...usual, tokens };
  }
  if (kind === "vector") return { ...usual, vector: true };
  if (kind === "image") return { ...usual, image: [draw.whole(5, 6), draw.whole(5, 6)], vector: true };
  if (kind === "other")
    return { ...usual, image: [draw.whole(3, 4), draw.whole(3, 4)], lengths: lengths.slice(0, 2) };
  const layers = operands
    ? [looking(layer, takes.includes("vector") && options["causal"] !== true && draw.chance(0.3))]
    : [layer];
  const zeroAt = lengths.flatMap((length, row) =>
    Array.from({ length }, (_, time) => [time, row] as const).filter(() => draw.chance(0.4)),
  );
  const { maskValue } = options;
  if (maskValue !== undefined)
    return { ...usual, layers: [layer, gru({ units: 2 })], zeroAt, maskValue: Number(maskValue) };
  if (usual.fixed || zeroAt.length === 0 || draw.chance(0.6)) return { ...usual, layers };
  return { ...usual, layers: [dense({ units: features, bias: false }), masking(), ...layers], zeroAt };
}

/** Attention of a sequence to itself, or of its last state: query, value and key. */
function looking(layer: Piece, ofState: boolean): Piece {
  const [query, key] = [ofState ? gru({ units: 3 }) : dense({ units: 3 }), dense({ units: 3 })];
  const call = layer as unknown as (x: readonly unknown[]) => Signal;
  return (x: Signal<"sequence">) => call([query(x as never), x, key(x)]);
}
