/**
 * What every recurrent layer is: a cell with settings that need no knowledge of its equation. First states, masks,
 * direction, dropout and what is returned are added here; the loop over time is unfold.ts.
 */
import { parameter, zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { broadcast, mul, random, reshape, reverse } from "../../core/graph/operators.ts";
import { sizeOf } from "../../core/graph/shapes.ts";
import { UnrollError } from "../../errors.ts";
import type { Cell } from "../cells/defineCell.ts";
import type { Kind } from "../signals.ts";
import type { Axes, Form } from "../symbols.ts";
import type { Described } from "./call.ts";
import { cellStates, cellWeights } from "./cellParts.ts";
import { dropMask } from "./dropout.ts";
import type { Initializer } from "./initializers.ts";
import {
  type Context,
  countsOf,
  type Definition,
  type LayerConfig,
  type Output,
  type Regularizer,
  type Value,
  type WeightSpec,
} from "./layer.ts";
import { traceStep } from "./step.ts";
import { forced, sampledFeed, type Teacher } from "./teacher.ts";
import { type Unfolded, unfold } from "./unfold.ts";
import { type Zoneout, zonedStates } from "./zoneout.ts";

export interface Settings {
  readonly cell: Cell;
  readonly base: string;
  readonly className: string;
  readonly name: string | null;
  readonly trainable: boolean;
  /** Sequences of vectors, or of anything else. */
  readonly takes: readonly Kind[];
  /** Throws an UnrollError where the cell cannot take such an input. */
  readonly refuseInput: (x: Form) => void;
  readonly units: number;
  /** The options of the cell, activations as functions. */
  readonly own: object;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly zoneout: Zoneout;
  readonly initialState: "zeros" | "random" | "firstInput" | "learned";
  /** By the name of the weight. */
  readonly initializers: Readonly<Record<string, Initializer>>;
  readonly regularizers: Readonly<Record<string, Regularizer | null>>;
  /** A step that does not count gives zeros instead of the output before it (inside bidirectional, as in Keras). */
  readonly zeroMasked: boolean;
  /** Trained from targets, it is fed these; null: it is trained as it runs. */
  readonly teacher: Teacher | null;
  readonly config: () => LayerConfig;
}

export interface Recurrence extends Definition {
  readonly settings: Settings;
}

export function isRecurrence(definition: Definition | null): definition is Recurrence {
  return definition !== null && "settings" in definition;
}

/** The definition of a recurrent layer. */
export function recurrence(settings: Settings): Described & Pick<Recurrence, "settings"> {
  const { cell, base, className, name, trainable, stateful, config } = settings;
  return {
    settings,
    base,
    className,
    name,
    trainable,
    stateful,
    config,
    takes: settings.takes,
    states: cell.states,
    withStates: () => recurrence(returningStates(settings)),
    outputs: ([x]) => outputsOf(settings, x as Form),
    weights: ([x]) => weightsOf(settings, stepShape(x as Form)),
    apply: ([x], weights, context) => applied(settings, x as Value, weights, context),
  };
}

/** The settings of the same layer with its last states among its outputs. */
export function returningStates(settings: Settings): Settings {
  const config = (): LayerConfig => {
    const { options, ...rest } = settings.config();
    const { returnState: _, ...others } = options;
    return { ...rest, options: { returnState: true, ...others } }; // first, so that a layer made of it says the same
  };
  return { ...settings, returnState: true, config };
}

type Shape = readonly number[];
/** Of a step of the input. */
const stepShape = ({ axes }: Form): Shape => axes.slice(1).map((axis) => axis ?? 1);

type Sizes = { readonly features: number; readonly shape: Shape; readonly units: number };
const sizesOf = ({ own, units }: Settings, shape: Shape): Sizes => ({
  ...own,
  features: shape.at(-1) ?? 1,
  shape,
  units,
});
const statesOf = ({ cell }: Settings, sizes: Sizes): Readonly<Record<string, readonly number[]>> =>
  cellStates(cell, sizes);

function outputsOf(settings: Settings, x: Form): readonly Output[] {
  const { cell, returnSequences, returnState, goBackwards } = settings;
  settings.refuseInput(x);
  const input = stepShape(x);
  const shapes = statesOf(settings, sizesOf(settings, input));
  const shape = shapes[cell.output] ?? valueShape(settings, input);
  for (const begun of [shape, shapes[cell.states[0] as string] ?? shape])
    refuseFirstInput(settings, input, begun);
  const time = goBackwards ? "looks ahead" : x.time;
  const form = (name: string, axes: Axes): Output => ({ name, axes, dtype: "float32", time });
  const output = form("output", returnSequences ? [x.axes[0] ?? null, ...shape] : shape);
  return [output, ...(returnState ? cell.states.map((state) => form(state, shapes[state] ?? [])) : [])];
}

/** The shape of a value that is no state: that of the step applied to stand-ins. */
function valueShape(settings: Settings, input: Shape): Shape {
  const { cell } = settings;
  const sizes = sizesOf(settings, input);
  const specs = ownWeights(settings, sizes);
  const weights = Object.fromEntries(specs.map(({ name, shape }) => [name, parameter(name, shape)]));
  const value = traceStep({ cell, sizes, weights }).results[cell.output];
  if (value) return value.shape.map(Number);
  throw new UnrollError({
    where: `cell "${cell.name}"`,
    expected: `a value called "${cell.output}", its output, from step`,
    got: "none",
    fix: "Return it from step, or leave out output.",
  });
}

function refuseFirstInput({ initialState, cell }: Settings, input: Shape, shape: Shape): void {
  if (initialState !== "firstInput" || shape.join() === input.join()) return;
  throw new UnrollError({
    where: `cell "${cell.name}", initialState: "firstInput"`,
    expected: `an input as wide as output and first state, [${shape.join(", ")}]`,
    got: `${input.join(" x ")} features`,
    fix: "Set units to the number of features, or choose another initialState.",
  });
}

function ownWeights({ cell, initializers, regularizers }: Settings, sizes: Sizes): readonly WeightSpec[] {
  return cellWeights(cell, sizes).map(
    ({ name, shape, initializer }): WeightSpec => ({
      name,
      shape,
      initializer: initializers[name] ?? initializer ?? defaultInitializer(name, shape),
      regularizer: regularizers[name] ?? null,
    }),
  );
}

function weightsOf(settings: Settings, input: Shape): readonly WeightSpec[] {
  const sizes = sizesOf(settings, input);
  const weights = ownWeights(settings, sizes);
  if (settings.initialState !== "learned") return weights;
  const learned = Object.entries(statesOf(settings, sizes)).map(
    ([state, shape]): WeightSpec => ({
      name: `initial${capitalized(state)}`,
      shape,
      initializer: "zeros",
      regularizer: null,
    }),
  );
  return [...weights, ...learned];
}

function defaultInitializer(name: string, shape: readonly number[]): Initializer {
  if (/bias$/i.test(name)) return "zeros";
  return /^recurrent/i.test(name) && shape.length > 1 ? "orthogonal" : "glorotUniform";
}

export const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function applied(settings: Settings, x: Value, weights: readonly Node[], context: Context): readonly Value[] {
  const { cell, returnSequences, returnState, recurrentDropout } = settings;
  const input = x.node.shape.slice(2).map(Number);
  const sizes = sizesOf(settings, input);
  const shapes = Object.entries(statesOf(settings, sizes));
  const named = Object.fromEntries(
    weightsOf(settings, input).map(({ name }, k) => [name, weights[k] as Node]),
  );
  const seen = withInputDropout(settings, turned(settings, x), context);
  const fed = settings.teacher === null ? null : context.fed();
  const sampling = context.training ? (settings.teacher?.sampling ?? 0) : 0;
  if (fed !== null && sampling === 0)
    return [{ ...seen, node: forced({ cell, sizes, weights: named }, seen.node, fed) }];
  const begun = shapes.map(([state, shape]) => {
    const given = context.first(state, shape);
    if (given !== null) refuseOtherShape(settings, state, shape, given);
    return { state, shape, given };
  });
  const firstInput = settings.initialState === "firstInput" && begun.every(({ given }) => given === null);
  const unfolded = unfold({
    cell,
    sizes,
    weights: named,
    x: { ...seen, mask: countedSteps(settings, seen) },
    initial: Object.fromEntries(
      begun.map((one) => [one.state, one.given ?? firstState(settings, one, named, context)]),
    ),
    masks: dropMasks(context, recurrentDropout, shapes),
    zoneout: zonedStates(settings.zoneout, shapes, x.time ?? 1, context),
    sampled: fed === null ? null : sampledFeed(sampling, fed, x.time ?? 1, context),
    firstInput,
    last: !returnSequences,
    zeroMasked: settings.zeroMasked,
    inspect: context.inspect,
  });
  tell(unfolded, context);
  const vector = (node: Node): Value => ({ node, time: null, lengths: null, mask: null });
  const output = returnSequences ? { ...seen, node: unfolded.outputs } : vector(unfolded.last as Node);
  return [output, ...(returnState ? cell.states.map((state) => vector(unfolded.finals[state] as Node)) : [])];
}

function tell({ finals, states, values }: Unfolded, context: Context): void {
  for (const [state, node] of Object.entries(finals)) context.last(state, node);
  for (const [state, node] of Object.entries(states)) context.show("states", state, node);
  for (const [value, node] of Object.entries(values)) context.show("values", value, node);
}

/** Backwards: each sequence turned at its own length, and its mask with it. */
function turned({ goBackwards }: Settings, x: Value): Value {
  if (!goBackwards || x.lengths === null) return x;
  const { node, lengths, mask, real } = x;
  return {
    ...x,
    node: reverse(node, lengths),
    mask: mask && reverse(mask, lengths),
    real: real && reverse(real, lengths),
  };
}

/**
 * The steps that the cell takes. Where rows run on behind their ends it matters only to what reads the last states, and
 * backwards, where what is behind the end comes first.
 */
function countedSteps(settings: Settings, x: Value): Node | null {
  const { returnSequences, returnState, goBackwards, stateful } = settings;
  const endsMatter = !returnSequences || returnState || goBackwards || stateful;
  return endsMatter ? countsOf(x) : x.mask;
}

function refuseOtherShape(
  { name, base }: Settings,
  state: string,
  shape: readonly number[],
  given: Node,
): void {
  const [, ...axes] = given.shape;
  if (given.shape[0] === rows && axes.length === shape.length && axes.every((dim, k) => dim === shape[k]))
    return;
  throw new UnrollError({
    where: `layer "${name ?? base}", initialState.${state}`,
    expected: `a vector [batch, ${shape.join(", ")}]`,
    got: `a symbol of shape [${given.shape.map((dim) => (dim === rows ? "batch" : dim)).join(", ")}]`,
    fix: "Put dense({ units }) before it, or take the state of a layer of the same size.",
  });
}

interface Begun {
  readonly state: string;
  readonly shape: readonly number[];
}

function firstState(
  { initialState }: Settings,
  { state, shape }: Begun,
  weights: Readonly<Record<string, Node>>,
  context: Context,
): Node {
  const all = [rows, ...shape];
  if (initialState === "learned") return broadcast(weights[`initial${capitalized(state)}`] as Node, all);
  if (initialState === "random") {
    const drawn = random(context.key(`initialState/${state}`, false), [sizeOf(shape)]);
    const ofRow = broadcast(drawn, [rows, ...drawn.shape]);
    return shape.length === 1 ? ofRow : reshape(ofRow, all);
  }
  return zeros(all);
}

/** One mask a sequence, the same at every step and for all gates. */
function withInputDropout({ dropout }: Settings, x: Value, context: Context): Value {
  if (!context.training || dropout === 0) return x;
  return {
    ...x,
    node: mul(x.node, dropMask(context, "dropout", dropout, [rows, ...x.node.shape.slice(2)])),
  };
}

function dropMasks(
  context: Context,
  rate: number,
  shapes: readonly (readonly [string, readonly number[]])[],
): Readonly<Record<string, Node>> {
  if (!context.training || rate === 0) return {};
  return Object.fromEntries(
    shapes.map(([state, shape]) => [
      state,
      dropMask(context, `recurrentDropout/${state}`, rate, [rows, ...shape]),
    ]),
  );
}
