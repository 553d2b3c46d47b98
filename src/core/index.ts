/** The entry `unroll-rnn/core`: the compiler's own vocabulary. Nothing inside src/ imports this file. */

export { type ErrorFacts, UnrollError } from "../errors.ts";
// grad
export { differentiate } from "./grad/gradients.ts";
export type { Answer, Question } from "./grad/question.ts";
// graph
export { constant, make, outputOf, parameter, partsOf, type ScanParts, scan, zeros } from "./graph/build.ts";
export { lift } from "./graph/lift.ts";
export { associativeScan } from "./graph/linear.ts";
export {
  type Dim,
  type DType,
  type Node,
  type NodeOf,
  type Operator,
  type Operators,
  type Resampling,
  rows,
  type ScanBody,
  type Shape,
} from "./graph/nodes.ts";
export {
  abs,
  add,
  broadcast,
  clip,
  concat,
  div,
  elu,
  equal,
  erf,
  exp,
  floor,
  gather,
  gelu,
  greater,
  hardSigmoid,
  iota,
  log,
  log1p,
  logSoftmax,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  type Operand,
  oneHot,
  random,
  relu,
  resample,
  reshape,
  reverse,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  sumLeading,
  tanh,
  toFloat,
  transpose,
  where,
} from "./graph/operators.ts";
export { printGraph } from "./graph/print.ts";
export { type Rule, rewrite, substitute } from "./graph/rewrite.ts";
export { cos, sin } from "./graph/trigonometry.ts";
export { verify } from "./graph/verify.ts";
export { topological } from "./graph/walk.ts";

// run
export type {
  Batch,
  Computation,
  Device,
  Executable,
  Held,
  HostArray,
  Parameter,
  Trainer,
  Update,
} from "./run/device.ts";
export { evaluate, type HostValue } from "./run/reference.ts";
export { referenceDevice } from "./run/referenceDevice.ts";
