/**
 * The letters of the lectures, for one recurrent layer and a dense layer behind it:
 *
 *   a_t = x_t U + h_{t-1} W + b     h_t = f(a_t)     o_t = h_t V + c     L_t = loss(o_t, y_t)
 *
 * Goodfellow, Bengio, Courville 2016, chapter 10.
 */
import { UnrollError } from "../../errors.ts";
import { isLayer } from "../layers/layer.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import type { Network } from "../model/network.ts";
import { type Check, oneOf } from "../options.ts";

/** The letters of the lectures, or the layers' own names. */
export type Naming = "lecture" | "layers";
export const namingCheck: Check = oneOf("lecture", "layers");

export interface LectureNames {
  readonly recurrent: string;
  readonly dense: string;
  /** Whether its equations are those above: a plain `simpleRNN`. Others have the letters of their weights alone. */
  readonly plain: boolean;
  /** By the name of the weight: U, W, V, b, c. */
  readonly weights: Readonly<Record<string, string>>;
  /** By "layer.value": a, h, o. */
  readonly values: Readonly<Record<string, string>>;
}

const ofRecurrent: Readonly<Record<string, string>> = { kernel: "U", recurrentKernel: "W", bias: "b" };
const ofDense: Readonly<Record<string, string>> = { kernel: "V", bias: "c" };

/** The letters for a network; null for the layers' own names. Throws an UnrollError where letters cannot be given. */
export function lectureNames(network: Network, naming: Naming | undefined): LectureNames | null {
  if (naming === "layers") return null;
  const [first, second, ...others] = network.calls;
  const [recurrent, dense] = network.layers;
  const fits =
    others.length === 0 &&
    first !== undefined &&
    second !== undefined &&
    isLayer(first.by) &&
    isRecurrence(first.by) &&
    !first.by.settings.goBackwards &&
    second.by.base === "dense";
  if (!fits || recurrent === undefined || dense === undefined) {
    if (naming === undefined) return null;
    throw new UnrollError({
      where: 'names: "lecture"',
      expected: "a model of one recurrent layer, forwards, and a dense layer",
      got: `a model of ${network.layers.map(({ name }) => name).join(", ")}`,
      fix: 'Take names: "layers", or leave names out.',
    });
  }
  const { base, settings } = first.by;
  const normalized = "layerNormalization" in settings.own && settings.own.layerNormalization === true;
  const plain = base === "simpleRNN" && !normalized && settings.zoneout === 0;
  const letters = (layer: typeof recurrent, known: Readonly<Record<string, string>>): [string, string][] =>
    layer.variables.map(({ name }) => {
      const own = name.slice(layer.name.length + 1);
      return [name, known[own] ?? own];
    });
  return {
    recurrent: recurrent.name,
    dense: dense.name,
    weights: Object.fromEntries([...letters(recurrent, ofRecurrent), ...letters(dense, ofDense)]),
    plain,
    values: plain
      ? { [`${recurrent.name}.a`]: "a", [`${recurrent.name}.h`]: "h", [`${dense.name}.a`]: "o" }
      : {},
  };
}
