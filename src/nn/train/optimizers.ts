/**
 * Optimizers as equations for one element of one weight; rules and defaults are those of Keras 3.
 *
 *   sgd        m' = momentum m - rate g                       w' = w + m'
 *   rmsprop    v' = rho v + (1 - rho) g^2                     w' = w - rate g / sqrt(v' + epsilon)
 *   adagrad    a' = a + g^2                                   w' = w - rate g / sqrt(a' + epsilon)
 *   adadelta   a' = rho a + (1 - rho) g^2                     w' = w - rate g sqrt(d + epsilon) / sqrt(a' + epsilon)
 *   adam       m' = m + (g - m)(1 - beta1), v' likewise g^2   w' = w - alpha m' / (sqrt v' + epsilon)
 *
 * `adamw` is adam with weight decay, `nadam` adam with Nesterov's momentum (Dozat 2016). What does not depend on the
 * element, powers of beta and the like, is computed by the host in float64. A slot that decays passes through
 * `vanish`, so that it never becomes a denormal number.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, div, maximum, mul, neg, sqrt, square, sub, vanish } from "../../core/graph/operators.ts";
import { pow } from "../../core/run/math.ts";
import { invariant } from "../../errors.ts";
import { type Check, type Checks, completed, flag, fraction, from0, orNull } from "../options.ts";
import { type LearningRate, learningRateCheck } from "./schedules.ts";

export type OptimizerName = "sgd" | "rmsprop" | "adagrad" | "adadelta" | "adam" | "adamw" | "nadam";

/** What every optimizer understands. */
export interface OptimizerOptions {
  readonly learningRate?: LearningRate;
  /** The fraction `rate * weightDecay` of each weight is taken off before its update. Default: null, none. */
  readonly weightDecay?: number | null;
  /** The largest norm of the gradient of a weight. Default: null. One kind of clipping at a time. */
  readonly clipNorm?: number | null;
  /** The largest norm of all gradients together. Default: null. */
  readonly globalClipNorm?: number | null;
  /** The largest magnitude of an element of a gradient. Default: null. */
  readonly clipValue?: number | null;
}
export interface SgdOptions extends OptimizerOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
}
export interface RmspropOptions extends OptimizerOptions {
  readonly rho?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
  readonly centered?: boolean;
}
export interface AdagradOptions extends OptimizerOptions {
  readonly initialAccumulatorValue?: number;
  readonly epsilon?: number;
}
export interface AdadeltaOptions extends OptimizerOptions {
  readonly rho?: number;
  readonly epsilon?: number;
}
export interface NadamOptions extends OptimizerOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}
export interface AdamOptions extends NadamOptions {
  readonly amsgrad?: boolean;
}

/** An optimizer with all its options: the equation of a step and the numbers that go into it. */
export interface Optimizer {
  readonly optimizer: OptimizerName;
  /** Every option with its value; makes the same optimizer again. */
  readonly options: Required<OptimizerOptions>;
  /** What is kept for each element from step to step: names, and the values before the first step. */
  readonly slots: Readonly<Record<string, number>>;
  /** The numbers of a step besides the learning rate; `step` counts from 0. */
  readonly numbers: (rate: number, step: number) => readonly number[];
  readonly equation: Equation;
}
/** Everything has shape `[]`; `numbers` are those of {@link Optimizer.numbers}. */
export interface Element {
  readonly w: Node;
  readonly g: Node;
  readonly rate: Node;
  readonly slots: readonly Node[];
  readonly numbers: readonly Node[];
}
export type Equation = (element: Element) => { readonly w: Node; readonly slots: readonly Node[] };

const common = {
  learningRate: 0.001,
  weightDecay: null,
  clipNorm: null,
  globalClipNorm: null,
  clipValue: null,
} satisfies Required<OptimizerOptions> as Required<OptimizerOptions>;
const none = (): readonly number[] => [];

const magnitude = orNull(from0);
const momentumCheck: Check = {
  expected: "a number from 0 to 1",
  holds: (x) => from0.holds(x) && Number(x) <= 1,
};
const checks: Checks = {
  learningRate: learningRateCheck,
  weightDecay: magnitude,
  clipNorm: magnitude,
  globalClipNorm: magnitude,
  clipValue: magnitude,
  momentum: momentumCheck,
  nesterov: flag,
  rho: fraction,
  centered: flag,
  initialAccumulatorValue: from0,
  beta1: fraction,
  beta2: fraction,
  amsgrad: flag,
  epsilon: from0,
};
/** Throws an UnrollError for a name or a value that cannot be. */
const filled = <T extends Required<OptimizerOptions>>(name: OptimizerName, usual: T, given: object): T =>
  completed(name, given, usual, checks);

/** Gradient descent. Defaults: learningRate 0.01, momentum 0, nesterov false. */
export function sgd(given: SgdOptions = {}): Optimizer {
  const options = filled("sgd", { ...common, learningRate: 0.01, momentum: 0, nesterov: false }, given);
  const { momentum, nesterov } = options;
  const plain: Equation = ({ w, g, rate }) => ({ w: sub(w, mul(g, rate)), slots: [] });
  const moving: Equation = ({ w, g, rate, slots: [m] }) => {
    const step = mul(g, rate);
    const next = vanish(sub(mul(slot(m), momentum), step));
    return { w: add(w, nesterov ? sub(mul(next, momentum), step) : next), slots: [next] };
  };
  return momentum === 0
    ? { optimizer: "sgd", options, slots: {}, numbers: none, equation: plain }
    : { optimizer: "sgd", options, slots: { momentum: 0 }, numbers: none, equation: moving };
}

/** Tieleman and Hinton 2012. Defaults: learningRate 0.001, rho 0.9, momentum 0, epsilon 1e-7, centered false. */
export function rmsprop(given: RmspropOptions = {}): Optimizer {
  const defaults = { ...common, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  const options = filled("rmsprop", defaults, given);
  const { rho, momentum, epsilon, centered } = options;
  const slots = {
    velocity: 0,
    ...(momentum > 0 ? { momentum: 0 } : {}),
    ...(centered ? { average: 0 } : {}),
  };
  const equation: Equation = ({ w, g, rate, slots: [v, ...rest] }) => {
    const velocity = running(v, square(g), rho);
    const average = centered ? [running(rest.at(-1), g, rho)] : [];
    const variance = average[0] === undefined ? velocity : sub(velocity, square(average[0]));
    const step = div(mul(rate, g), sqrt(add(variance, epsilon)));
    const moved = momentum > 0 ? [vanish(add(mul(slot(rest[0]), momentum), step))] : [];
    return { w: sub(w, moved[0] ?? step), slots: [velocity, ...moved, ...average] };
  };
  return { optimizer: "rmsprop", options, slots, numbers: none, equation };
}

/** Duchi et al. 2011. Defaults: learningRate 0.001, initialAccumulatorValue 0.1, epsilon 1e-7. */
export function adagrad(given: AdagradOptions = {}): Optimizer {
  const options = filled("adagrad", { ...common, initialAccumulatorValue: 0.1, epsilon: 1e-7 }, given);
  const equation: Equation = ({ w, g, rate, slots: [a] }) => {
    const sum = add(slot(a), square(g));
    return { w: sub(w, div(mul(rate, g), sqrt(add(sum, options.epsilon)))), slots: [sum] };
  };
  const slots = { accumulator: options.initialAccumulatorValue };
  return { optimizer: "adagrad", options, slots, numbers: none, equation };
}

/** Zeiler 2012. Defaults: learningRate 0.001, rho 0.95, epsilon 1e-7. */
export function adadelta(given: AdadeltaOptions = {}): Optimizer {
  const options = filled("adadelta", { ...common, rho: 0.95, epsilon: 1e-7 }, given);
  const { rho, epsilon } = options;
  const equation: Equation = ({ w, g, rate, slots: [a, d] }) => {
    const gradients = running(a, square(g), rho);
    const step = neg(div(mul(sqrt(add(slot(d), epsilon)), g), sqrt(add(gradients, epsilon))));
    return { w: add(w, mul(rate, step)), slots: [gradients, running(d, square(step), rho)] };
  };
  return { optimizer: "adadelta", options, slots: { gradients: 0, steps: 0 }, numbers: none, equation };
}

const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** Kingma and Ba 2014. Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7, amsgrad false. */
export function adam(given: AdamOptions = {}): Optimizer {
  return adamNamed("adam", filled("adam", { ...common, ...moments, amsgrad: false }, given));
}

/** Loshchilov and Hutter 2017: adam with weight decay. Defaults: those of adam, weightDecay 0.004. */
export function adamw(given: AdamOptions = {}): Optimizer {
  return adamNamed(
    "adamw",
    filled("adamw", { ...common, weightDecay: 0.004, ...moments, amsgrad: false }, given),
  );
}

function adamNamed(optimizer: "adam" | "adamw", options: Required<AdamOptions>): Optimizer {
  const { beta1, beta2, epsilon, amsgrad } = options;
  const numbers = (rate: number, step: number): readonly number[] => [
    (rate * Math.sqrt(1 - pow(beta2, step + 1))) / (1 - pow(beta1, step + 1)),
  ];
  const equation: Equation = ({ w, g, slots: [m, v, top], numbers: [alpha] }) => {
    const first = toward(m, g, beta1);
    const second = toward(v, square(g), beta2);
    const largest = amsgrad ? [maximum(slot(top), second)] : [];
    const step = div(mul(first, slot(alpha)), add(sqrt(largest[0] ?? second), epsilon));
    return { w: sub(w, step), slots: [first, second, ...largest] };
  };
  const slots = { momentum: 0, velocity: 0, ...(amsgrad ? { largest: 0 } : {}) };
  return { optimizer, options, slots, numbers, equation };
}

/** Dozat 2016: adam with Nesterov's momentum. Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7. */
export function nadam(given: NadamOptions = {}): Optimizer {
  const options = filled("nadam", { ...common, ...moments }, given);
  const { beta1, beta2, epsilon } = options;
  const momentum = (step: number): number => beta1 * (1 - 0.5 * pow(0.96, step + 1));
  const products = [1];
  // The product of the momenta of the steps 0 to `step`, always multiplied in this order.
  const productTo = (step: number): number => {
    for (let k = products.length; k <= step + 1; k++) products.push((products[k - 1] ?? 1) * momentum(k - 1));
    return products[step + 1] ?? 1;
  };
  const numbers = (_rate: number, step: number): readonly number[] => [
    momentum(step + 1) / (1 - productTo(step + 1)),
    (1 - momentum(step)) / (1 - productTo(step)),
    1 - pow(beta2, step + 1),
  ];
  const equation: Equation = ({
    w,
    g,
    rate,
    slots: [m, v],
    numbers: [ofMomentum, ofGradient, correction],
  }) => {
    const first = toward(m, g, beta1);
    const second = toward(v, square(g), beta2);
    const direction = add(mul(first, slot(ofMomentum)), mul(g, slot(ofGradient)));
    const size = add(sqrt(div(second, slot(correction))), epsilon);
    return { w: sub(w, div(mul(direction, rate), size)), slots: [first, second] };
  };
  return { optimizer: "nadam", options, slots: { momentum: 0, velocity: 0 }, numbers, equation };
}

/** rho * average + (1 - rho) * value. */
const running = (average: Node | undefined, value: Node, rho: number): Node =>
  vanish(add(mul(slot(average), rho), mul(value, 1 - rho)));
/** average + (value - average) * (1 - beta). */
const toward = (average: Node | undefined, value: Node, beta: number): Node =>
  vanish(add(slot(average), mul(sub(value, slot(average)), 1 - beta)));

function slot(node: Node | undefined): Node {
  invariant(node !== undefined, "optimizers: an equation got fewer slots or numbers than it asks for");
  return node;
}
