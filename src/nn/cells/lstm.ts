/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000).
 *
 *   i, f, o = sigmoid(x W + h R + b)     g  = tanh(x W + h R + b)
 *   c'      = f c + i g                  h' = o tanh(c')
 *
 *   cellsPerBlock        one i, f, o for all cells of a block; g and c have one feature for each cell
 *   peephole             i, f see c, o sees c':  sigmoid(x W + h R + b + p c)          Gers and Schmidhuber 2000
 *   projection           h' = (o tanh(c')) P                                           Sak, Senior, Beaufays 2014
 *   layerNormalization   LN(x W) + LN(h R) + b;  h' = o tanh(LN(c') + cellBias)        Ba, Kiros, Hinton 2016
 *
 * Gate order i, f, g, o (g is Keras's c): units, units, units * cellsPerBlock and units columns of a kernel.
 */
import { type ActivationFunction, add, matmul, mul, sigmoid, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { forCells, overCells } from "./blocks.ts";
import { type Cell, type CellWeight, defineCell } from "./defineCell.ts";
import { gainOf, gainsOf, normalized, productsOf, sums } from "./normalized.ts";
import { type Bias, biasOf, featuresOf, type Kernels, rowsOf } from "./preActivation.ts";

export interface LstmCellOptions {
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  readonly bias: Bias;
  readonly cellsPerBlock: number;
  readonly peephole: boolean;
  /** Features of h where it is projected; 0: it is not. */
  readonly projection: number;
  readonly layerNormalization: boolean;
}
const options: LstmCellOptions = {
  activation: tanh,
  recurrentActivation: sigmoid,
  bias: "single",
  cellsPerBlock: 1,
  peephole: false,
  projection: 0,
  layerNormalization: false,
};
type Sizes = { readonly features: number; readonly units: number } & LstmCellOptions;

const outputOf = ({ units, cellsPerBlock, projection }: Sizes): number =>
  projection === 0 ? units * cellsPerBlock : projection;

export const lstmCell: Cell<"h" | "c", string, LstmCellOptions> = defineCell({
  name: "lstm",
  options,
  state: (sizes) => ({ h: [outputOf(sizes)], c: [sizes.units * sizes.cellsPerBlock] }),
  weights: (sizes) => {
    const { features, units, bias, cellsPerBlock } = sizes;
    const width = (3 + cellsPerBlock) * units;
    return {
      kernel: [features, width],
      recurrentKernel: [outputOf(sizes), width],
      ...biasOf(bias, width),
      ...further(sizes, width),
    };
  },
  step: (x, { h, c }, weights, { activation, recurrentActivation: gate, ...chosen }) => {
    const { cellsPerBlock: cells, peephole, projection, layerNormalization } = chosen;
    const layout = { units: featuresOf(c) / cells, cells, isNormalized: layerNormalization };
    const made = gateSums(x, h, weights, layout);
    const [pi = null, pf = null, po = null] = peephole ? rowsOf(weights.peephole) : [];
    const seen = (sum: Signal, weight: Signal | null, cell: Signal): Signal =>
      weight === null ? sum : add(sum, overCells(mul(cell, weight), cells));

    const [ai, af, ag] = [seen(made.i, pi, c), seen(made.f, pf, c), made.g];
    const [i, f, g] = [gate(ai), gate(af), activation(ag)];
    const next = add(mul(forCells(f, cells), c), mul(forCells(i, cells), g));
    const ao = seen(made.o, po, next);
    const o = gate(ao);
    const shown = layerNormalization ? normalizedCell(next, weights) : next;
    const output = mul(forCells(o, cells), activation(shown));
    const state = projection === 0 ? output : matmul(output, weights.projectionKernel);
    return { h: state, c: next, ai, af, ag, ao, i, f, g, o };
  },
});

/** What comes behind kernels and bias, as the options say. */
function further(sizes: Sizes, width: number): { readonly [N in Further]?: CellWeight } {
  const { units, bias, cellsPerBlock, peephole, projection, layerNormalization } = sizes;
  const cells = units * cellsPerBlock;
  return {
    ...(peephole ? { peephole: [3, cells] } : {}),
    ...(projection === 0 ? {} : { projectionKernel: [cells, projection] }),
    ...gainsOf(layerNormalization, width),
    ...(layerNormalization ? { cellGain: gainOf(cells) } : {}),
    ...(layerNormalization && bias !== "none" ? { cellBias: [cells] } : {}),
  };
}
type Further = "peephole" | "projectionKernel" | "kernelGain" | "recurrentGain" | "cellGain" | "cellBias";

interface Layout {
  readonly units: number;
  readonly cells: number;
  readonly isNormalized: boolean;
}
type Sums = Readonly<Record<"i" | "f" | "g" | "o", Signal>>;
type Weights = Kernels & { readonly [N in Further]: Signal };

function gateSums(x: Signal, h: Signal, weights: Weights, { units, cells, isNormalized }: Layout): Sums {
  const widths = [units, units, units * cells, units];
  const { ofInput, ofState } = productsOf(weights, isNormalized);
  const fromInput = sums(x, ofInput, widths);
  const fromState = sums(h, ofState, widths);
  const [i, f, g, o] = fromInput.map((sum, k) => add(sum, fromState[k] as Signal));
  return { i, f, g, o } as Sums; // four widths, four sums
}

function normalizedCell(c: Signal, { bias, cellGain, cellBias }: Weights): Signal {
  const [normal] = normalized([c], cellGain) as [Signal]; // one for one
  return bias === undefined ? normal : add(normal, cellBias);
}
