/**
 * Cells as their papers write them, one step after the other, on plain float64 numbers: no graph, no batch. `weights`
 * are those of the layer, in its order, row by row; a step gives all states, the output first.
 */
export type Vector = readonly number[];
export type Matrix = readonly Vector[];
export type Weight = Vector | Matrix;
export interface Program {
  readonly states: readonly number[];
  readonly step: (x: Vector, states: readonly Vector[]) => readonly Vector[];
}

export const product = (x: Vector, matrix: Matrix): Vector =>
  (matrix[0] ?? []).map((_, j) => x.reduce((total, value, k) => total + value * at(matrix[k] ?? [], j), 0));
export const sum = (...terms: readonly Vector[]): Vector =>
  (terms[0] ?? []).map((_, j) => terms.reduce((total, term) => total + at(term, j), 0));
export const times = (a: Vector, b: Vector): Vector => a.map((value, j) => value * at(b, j));
export const sigmoid = (x: Vector): Vector => x.map((value) => 1 / (1 + Math.exp(-value)));
export const tanh = (x: Vector): Vector => x.map((value) => Math.tanh(value));
export const at = (vector: Vector, k: number): number => vector[k] ?? Number.NaN;

/** Ba, Kiros, Hinton 2016, equation 4, with the epsilon that keeps a vector of equal numbers finite. */
export function normalised(x: Vector, gain: Vector): Vector {
  const mean = x.reduce((total, value) => total + value, 0) / x.length;
  const variance = x.reduce((total, value) => total + (value - mean) ** 2, 0) / x.length;
  return x.map((value, j) => (at(gain, j) * (value - mean)) / Math.sqrt(variance + 1e-5));
}

/** Weights taken one after the other. */
export class Taken {
  readonly #weights: readonly Weight[];
  #next = 0;
  constructor(weights: readonly Weight[]) {
    this.#weights = weights;
  }
  vector(): Vector {
    return this.#weights[this.#next++] as Vector;
  }
  matrix(): Matrix {
    return this.#weights[this.#next++] as Matrix;
  }
}

type Bias = "none" | "single" | "double";
/** The bias of the input's product and that of the state's. */
export function biasesOf(taken: Taken, bias: Bias, width: number): readonly [Vector, Vector] {
  const nothing = Array.from({ length: width }, () => 0);
  if (bias === "none") return [nothing, nothing];
  if (bias === "single") return [taken.vector(), nothing];
  const [a = nothing, b = nothing] = taken.matrix();
  return [a, b];
}

/** h' = f(h + x W + b). */
export function sumMemory(
  weights: readonly Weight[],
  units: number,
  f: (x: Vector) => Vector = tanh,
): Program {
  const [kernel, bias] = weights as readonly [Matrix, Vector | undefined];
  return {
    states: [units],
    step: (x, [h = []]) => [f(sum(h, product(x, kernel), bias ?? h.map(() => 0)))],
  };
}

interface Elman {
  readonly units: number;
  readonly bias: Bias;
  readonly f: (x: Vector) => Vector;
  readonly isNormalised: boolean;
}
/** Elman 1990; normalised: Ba, Kiros, Hinton 2016, equation 4. */
export function elman(weights: readonly Weight[], { units, bias, f, isNormalised }: Elman): Program {
  const taken = new Taken(weights);
  const [W, R] = [taken.matrix(), taken.matrix()];
  const [b, d] = biasesOf(taken, bias, units);
  const gain = isNormalised ? taken.vector() : [];
  const step: Program["step"] = (x, [h = []]) => {
    const a = sum(product(x, W), product(h, R));
    return [f(sum(isNormalised ? normalised(a, gain) : a, b, d))];
  };
  return { states: [units], step };
}

interface Lstm {
  readonly blocks: number;
  readonly cells: number;
  readonly bias: Bias;
  readonly peephole: boolean;
  readonly projection: number;
  readonly isNormalised: boolean;
}
/**
 * Gers and Schmidhuber 2000, section 2: blocks of cells with one set of gates, peepholes to i and f from the cells
 * before, to o from those after. The projection is that of Sak, Senior, Beaufays 2014; normalised: equations 20 to 22
 * of Ba, Kiros, Hinton 2016.
 */
export function lstm(weights: readonly Weight[], options: Lstm): Program {
  const { blocks, cells, bias, peephole, projection, isNormalised } = options;
  const width = (3 + cells) * blocks;
  const taken = new Taken(weights);
  const [W, R] = [taken.matrix(), taken.matrix()];
  const [b, d] = biasesOf(taken, bias, width);
  const [pi = [], pf = [], po = []] = peephole ? taken.matrix() : [];
  const P = projection > 0 ? taken.matrix() : [];
  const [inputGain, stateGain, cellGain] = isNormalised
    ? [taken.vector(), taken.vector(), taken.vector()]
    : [[], [], []];
  const cellBias = isNormalised && bias !== "none" ? taken.vector() : null;
  const step: Program["step"] = (x, [h = [], c = []]) => {
    const ofInput = product(x, W);
    const ofState = product(h, R);
    const a = isNormalised
      ? sum(normalised(ofInput, inputGain), normalised(ofState, stateGain), b, d)
      : sum(ofInput, ofState, b, d);
    const next: number[] = [];
    const output: number[] = [];
    const gate = (value: number): number => 1 / (1 + Math.exp(-value));
    const seen = (weight: Vector, from: Vector, block: number): number =>
      peephole
        ? Array.from(
            { length: cells },
            (_, v) => at(weight, block * cells + v) * at(from, block * cells + v),
          ).reduce((total, one) => total + one, 0)
        : 0;
    for (let block = 0; block < blocks; block++) {
      const i = gate(at(a, block) + seen(pi, c, block));
      const f = gate(at(a, blocks + block) + seen(pf, c, block));
      for (let v = 0; v < cells; v++) {
        const cell = block * cells + v;
        next[cell] = f * at(c, cell) + i * Math.tanh(at(a, 2 * blocks + cell));
      }
    }
    const squashed = isNormalised
      ? tanh(sum(normalised(next, cellGain), cellBias ?? next.map(() => 0)))
      : tanh(next);
    for (let block = 0; block < blocks; block++) {
      const o = gate(at(a, (2 + cells) * blocks + block) + seen(po, next, block));
      for (let v = 0; v < cells; v++) output[block * cells + v] = o * at(squashed, block * cells + v);
    }
    return [projection > 0 ? product(output, P) : output, next];
  };
  return { states: [projection > 0 ? projection : blocks * cells, blocks * cells], step };
}

interface Gru {
  readonly units: number;
  readonly bias: Bias;
  readonly resetAfter: boolean;
}
/** Ba, Kiros, Hinton 2016, equations 23 to 26: gates and candidate are normalised each by itself. */
export function normalisedGru(weights: readonly Weight[], { units, bias, resetAfter }: Gru): Program {
  const taken = new Taken(weights);
  const [W, R] = [taken.matrix(), taken.matrix()];
  const [b, d] = biasesOf(taken, bias, 3 * units);
  const [inputGain, stateGain] = [taken.vector(), taken.vector()];
  const gates = (x: Vector): Vector => x.slice(0, 2 * units);
  const rest = (x: Vector): Vector => x.slice(2 * units);
  const of = (x: Vector, matrix: Matrix, gain: Vector, part: (x: Vector) => Vector): Vector =>
    normalised(part(product(x, matrix)), part(gain));
  const step: Program["step"] = (x, [h = []]) => {
    const open = sigmoid(sum(of(x, W, inputGain, gates), gates(b), of(h, R, stateGain, gates), gates(d)));
    const [z, r] = [open.slice(0, units), open.slice(units)];
    const fromState = resetAfter
      ? times(r, sum(of(h, R, stateGain, rest), rest(d)))
      : sum(of(times(r, h), R, stateGain, rest), rest(d));
    const n = tanh(sum(of(x, W, inputGain, rest), rest(b), fromState));
    return [z.map((open_, j) => open_ * at(h, j) + (1 - open_) * at(n, j))];
  };
  return { states: [units], step };
}

interface Jordan {
  readonly units: number;
  readonly outputUnits: number;
  readonly bias: Bias;
  readonly g: (x: Vector) => Vector;
}
/** Jordan 1986. */
export function jordan(weights: readonly Weight[], { units, outputUnits, bias, g }: Jordan): Program {
  const taken = new Taken(weights);
  const [W, R] = [taken.matrix(), taken.matrix()];
  const [b, d] = biasesOf(taken, bias, units);
  const V = taken.matrix();
  const c = bias === "none" ? Array.from({ length: outputUnits }, () => 0) : taken.vector();
  return {
    states: [outputUnits],
    step: (x, [y = []]) => [g(sum(product(tanh(sum(product(x, W), product(y, R), b, d)), V), c))],
  };
}

/** The expectation of zoneout (Krueger et al. 2016) around any program. */
export const expected = (program: Program, rates: readonly number[]): Program => ({
  ...program,
  step: (x, states) =>
    program
      .step(x, states)
      .map((next, k) =>
        next.map((value, j) => at(rates, k) * at(states[k] ?? [], j) + (1 - at(rates, k)) * value),
      ),
});

/** The states after every step, `[step][state]`, from zeros. */
export function run({ states, step }: Program, xs: Matrix): readonly (readonly Vector[])[] {
  let now: readonly Vector[] = states.map((width) => Array.from({ length: width }, () => 0));
  return xs.map((x) => {
    now = step(x, now);
    return now;
  });
}
