/** Activations: functions, or the names of those there are. */
import type { Node } from "../../core/graph/nodes.ts";
import { nodeMade } from "../operands.ts";
import type { ActivationFunction } from "../operators.ts";
import * as operators from "../operators.ts";
import type { Check } from "../options.ts";

export type ActivationName =
  | "linear"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "elu"
  | "gelu"
  | "silu"
  | "softplus"
  | "softsign"
  | "softmax"
  | "logSoftmax"
  | "hardSigmoid"
  | "exp";
export type Activation = ActivationName | ActivationFunction;

const linear: ActivationFunction = (x) => x;
const { tanh, sigmoid, relu, elu, gelu, silu, softplus, softsign, softmax, logSoftmax, hardSigmoid, exp } =
  operators;
const named: { readonly [N in ActivationName]: ActivationFunction } = {
  linear,
  tanh,
  sigmoid,
  relu,
  elu,
  gelu,
  silu,
  softplus,
  softsign,
  softmax,
  logSoftmax,
  hardSigmoid,
  exp,
};
const names = Object.keys(named) as ActivationName[]; // the keys of the table are exactly these

export const activationCheck: Check = {
  expected: `a function, or one of ${names.map((name) => `"${name}"`).join(", ")}`,
  holds: (x) => typeof x === "function" || names.some((name) => name === x),
  names,
};

export function activationOf(given: Activation): ActivationFunction {
  return typeof given === "function" ? given : named[given];
}

/** An activation that a layer applies to a node: none given is the linear one. */
export function activationOnNodes(given: Activation = "linear"): (x: Node) => Node {
  const activate = activationOf(given);
  return (x) => nodeMade("activation", x.shape, activate(x as never)); // of a node: Signal is its public face
}

/** The name of an activation, or null of a function of one's own. */
export function activationName(given: unknown): ActivationName | null {
  return names.find((name) => name === given || named[name] === given) ?? null;
}
