/**
 * Lifting: a step written for one example becomes a step for all rows of a batch, one rule an operator.
 *
 *   before   h: [units]        matmul(h, R)            add(a, bias)
 *   after    h: [rows, units]  matmul(h, R)            add(a, bias)      weights stay as they are
 *
 * A weight on the left of a vector, W h, becomes the transposed product h W^T.
 */
import { UnrollError } from "../../errors.ts";
import { make, withInputs } from "./build.ts";
import { type Node, type NodeOf, type Operator, rows } from "./nodes.ts";
import { reshape, transpose } from "./operators.ts";
import { topological } from "./walk.ts";

/** `inputs` are lifted where `lifted` says so; at least one is. */
type Rule<K extends Operator> = (
  node: NodeOf<K>,
  inputs: readonly Node[],
  lifted: readonly boolean[],
) => Node;

type AnyRule = (node: Node, inputs: readonly Node[], lifted: readonly boolean[]) => Node;

const same: AnyRule = (node, inputs) => withInputs(node, inputs);
/** Axes are matched from the last: a lifted value of lower rank gets axes of length 1 behind its rows. */
const elementwise: AnyRule = (node, inputs, lifted) => {
  const rank = node.shape.length + 1;
  const aligned = inputs.map((input, k) => {
    if (!lifted[k] || input.shape.length === rank) return input;
    const missing = Array.from({ length: rank - input.shape.length }, () => 1);
    return reshape(input, [rows, ...missing, ...input.shape.slice(1)]);
  });
  return withInputs(node, aligned);
};
const refuse: AnyRule = (node) => {
  throw new UnrollError({
    where: `operator "${node.op}" in a step`,
    expected: "an operator that acts on the last axis of one example",
    got: `"${node.op}" of ${node.inputs.map((input) => `[${input.shape.join(", ")}]`).join(" and ")}`,
    fix: "Write the step with elementwise operators, matmul with a weight, split, concat and reductions.",
  });
};
const shaped: Rule<"reshape" | "broadcast"> = (node, inputs) =>
  make(node.op, [inputs[0] as Node], { shape: [rows, ...node.attributes.shape] }) as Node;

const liftRules: { readonly [K in Operator]: Rule<K> } = {
  parameter: same,
  constant: same,
  iota: same,
  random: refuse,
  neg: same,
  abs: same,
  sqrt: same,
  exp: same,
  log: same,
  log1p: same,
  tanh: same,
  sigmoid: same,
  erf: same,
  floor: same,
  toFloat: same,
  vanish: same,
  stopGradient: same,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  greater: elementwise,
  equal: elementwise,
  where: elementwise,
  sum: same,
  max: same,
  sumLeading: refuse,
  reshape: shaped,
  broadcast: shaped,
  transpose: refuse,
  slice: same,
  sliceRows: refuse,
  pad: same,
  padRows: refuse,
  concat: (node, inputs, lifted) => {
    if (lifted.every(Boolean)) return withInputs(node, inputs);
    const all = inputs.map((x, k) => (lifted[k] ? x : make("broadcast", [x], { shape: [rows, ...x.shape] })));
    return withInputs(node, all);
  },
  reverse: refuse,
  sumSites: same,
  maxSites: same,
  joinSites: same,
  timeToSites: refuse,
  sitesToTime: refuse,
  patches: same,
  overlapAdd: same,
  resample: refuse,
  matmul: (node, [a, b], [left, right]) => {
    if (left && !right) return make("matmul", [a as Node, b as Node], {});
    const vector = right && !left && node.inputs[1].shape.length === 1;
    return vector ? make("matmul", [b as Node, transpose(a as Node)], {}) : refuse(node, [], []);
  },
  affine: refuse,
  contract: refuse,
  gather: (node, inputs, [table]) => (table ? refuse(node, [], []) : withInputs(node, inputs)),
  scatterAdd: refuse,
  scan: refuse,
  output: refuse,
};

/**
 * `roots` with the nodes of `given` replaced by lifted ones (`[rows, ...]`) and all that depends on them lifted.
 * A root that depends on none of them is returned as it is.
 */
export function lift(roots: readonly Node[], given: ReadonlyMap<Node, Node>): readonly Node[] {
  const done = new Map<Node, Node>(given);
  for (const node of topological(roots)) {
    const lifted = node.inputs.map((input) => done.has(input));
    if (done.has(node) || !lifted.some(Boolean)) continue;
    const inputs = node.inputs.map((input) => done.get(input) ?? input);
    done.set(node, ruleOf(node.op)(node as never, inputs, lifted));
  }
  return roots.map((root) => done.get(root) ?? root);
}

function ruleOf<K extends Operator>(op: K): Rule<K> {
  return liftRules[op];
}
