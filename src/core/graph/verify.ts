/**
 * The grammar of a graph, checked after every pass in tests and debug. A graph is well formed when
 *
 *   - every node has the inputs that its operator asks for, and the shape and dtype that its rule gives;
 *   - an output names a result that its scan has, and nothing but an output uses a scan;
 *   - a scan fits its body: initial and next states are shaped as the states, sequences are the slices with
 *     time before them, and what the body takes from outside is among the inputs;
 *   - a scan that says it is associative is linear in its states;
 *   - a state or slice belongs to one body and is seen nowhere outside of it.
 */
import { invariant, UnrollError } from "../../errors.ts";
import { partsOf, type ScanParts } from "./build.ts";
import { nonlinearityOf } from "./linear.ts";
import { type Dim, type DType, type Node, type NodeOf, type Operator, rows, type ScanBody } from "./nodes.ts";
import { printNode } from "./print.ts";
import { dtypeOf, sameShape, shapeOf, widthOf } from "./shapes.ts";
import { bodyNodes, parametersOf, resultsOf, topological } from "./walk.ts";

/** What the inputs of an operator are, one for each; a last "..." repeats the one before it. */
type Takes = readonly (DType | "any" | "...")[];

const float: Takes = ["float32"];
const floats: Takes = ["float32", "float32"];
const takes: { readonly [K in Operator]: Takes } = {
  parameter: [],
  constant: [],
  iota: [],
  random: ["int32"],
  neg: float,
  abs: float,
  sqrt: float,
  exp: float,
  log: float,
  log1p: float,
  tanh: float,
  sigmoid: float,
  erf: float,
  floor: float,
  toFloat: ["int32"],
  vanish: float,
  stopGradient: ["any"],
  add: floats,
  sub: floats,
  mul: floats,
  div: floats,
  maximum: floats,
  minimum: floats,
  greater: floats,
  equal: floats,
  where: [...floats, "float32"],
  sum: float,
  max: float,
  sumLeading: float,
  reshape: ["any"],
  broadcast: ["any"],
  transpose: float,
  slice: float,
  sliceRows: float,
  pad: float,
  padRows: float,
  concat: ["float32", "..."],
  reverse: ["any", "int32"],
  sumSites: float,
  maxSites: float,
  joinSites: float,
  timeToSites: ["float32", "int32"],
  sitesToTime: ["float32", "int32"],
  patches: float,
  overlapAdd: float,
  resample: ["float32", "int32", "int32"],
  matmul: floats,
  affine: [...floats, "float32"],
  contract: floats,
  gather: ["float32", "int32"],
  scatterAdd: ["int32", "float32"],
  scan: ["int32", "any", "..."],
  output: ["any"],
};

/** Throws, with the pass named and the node printed, unless the graph that `roots` need is well formed. */
export function verify(roots: readonly Node[], pass: string): void {
  const bodyOf = bodiesOf(roots, pass);
  const done = new Set<ScanBody>();
  const verifyNodes = (nodes: Iterable<Node>, body: ScanBody | null): void => {
    for (const node of nodes) {
      const check: Check = (holds, problem) => fail(holds, problem, node, pass);
      verifyNode(node, check);
      const owner = bodyOf.get(node) ?? null;
      if (node.op === "parameter")
        check(owner === body, "a state or slice of a scan is used outside of its body");
      if (node.op !== "scan") continue;
      verifyScan(node, check);
      if (done.has(node.attributes.body)) continue;
      done.add(node.attributes.body);
      verifyNodes(bodyNodes(node.attributes.body), node.attributes.body);
    }
  };
  verifyNodes(topological(roots), null);
}

type Check = (holds: boolean, problem: string) => void;

function fail(holds: boolean, problem: string, node: Node, pass: string): void {
  invariant(holds, holds ? "" : `${pass}: ${problem}\n  ${printNode(node)}`);
}

/** The body that each state and slice belongs to. */
function bodiesOf(roots: readonly Node[], pass: string): ReadonlyMap<Node, ScanBody> {
  const bodyOf = new Map<Node, ScanBody>();
  const visit = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      if (node.op !== "scan") continue;
      const { body } = node.attributes;
      const slots = parametersOf(body);
      if (slots.length > 0 && slots.every((slot) => bodyOf.get(slot) === body)) continue;
      for (const slot of slots) {
        fail(!bodyOf.has(slot), "a state or slice belongs to one body, and there once", slot, pass);
        bodyOf.set(slot, body);
      }
      visit(topological(resultsOf(body)));
    }
  };
  visit(topological(roots));
  return bodyOf;
}

function verifyNode(node: Node, check: Check): void {
  const wanted = takes[node.op];
  const open = wanted.at(-1) === "...";
  const count = open ? wanted.length - 2 : wanted.length;
  check(
    open ? node.inputs.length >= count : node.inputs.length === count,
    `"${node.op}" has ${count} inputs${open ? " or more" : ""}, not ${node.inputs.length}`,
  );
  node.inputs.forEach((input, k) => {
    const kind = wanted[Math.min(k, open ? count : k)];
    check(kind === "any" || input.dtype === kind, `input ${k} is ${kind}, not ${input.dtype}`);
    check((input.op === "scan") === (node.op === "output"), "an output, and nothing else, takes a scan");
  });
  if (node.op === "output") verifyOutput(node, check);
  check(boundsOf(node), "what is cut, padded or resampled lies within the axis");
  check(node.shape.every(isLength), "an axis has a name or a whole number as its length");
  const shape = shapeByRule(node, check);
  check(sameShape(node.shape, shape), `the shape by the rule is [${shape.join(", ")}]`);
  check(node.dtype === dtypeOf(node), `the dtype by the rule is ${dtypeOf(node)}`);
}

const isLength = (dim: Dim): boolean =>
  typeof dim === "number" ? Number.isInteger(dim) && dim >= 1 : dim !== "";

function verifyOutput({ inputs: [scan], attributes: { result } }: NodeOf<"output">, check: Check): void {
  if (scan.op !== "scan") return;
  const { carried, stacked, summed } = scan.attributes.body;
  const { length } = { final: carried, stacked, summed }[result.kind];
  check(
    result.index >= 0 && result.index < length,
    `the scan has ${length} results of the kind "${result.kind}"`,
  );
}

/** The rules of shape trust these. */
function boundsOf(node: Node): boolean {
  if (node.op === "resample") return resampled(node);
  if (node.op === "sumLeading") return node.attributes.count <= node.inputs[0].shape.length;
  if (node.op !== "sliceRows" && node.op !== "pad" && node.op !== "padRows") return true;
  const { start, size } = node.attributes;
  const { shape } = node.inputs[0];
  const length = node.op === "pad" ? widthOf({ shape }) : shape[0];
  if (start < 0 || typeof length !== "number") return false;
  return node.op === "sliceRows" ? start + size <= length : start + length <= size;
}

/** Of a sequence, whole steps apart. */
function resampled({ inputs: [sequence], attributes: { stride, per, offset } }: NodeOf<"resample">): boolean {
  const whole = [stride, per, offset].every(Number.isInteger) && stride >= 1 && per >= 1;
  return whole && sequence.shape.length > 2 && sequence.shape[1] === rows;
}

function shapeByRule(node: Node, check: Check): Node["shape"] {
  try {
    return shapeOf(node.op, node.inputs, node.attributes);
  } catch (error) {
    if (error instanceof UnrollError) check(false, error.message);
    throw error;
  }
}

function verifyScan(node: NodeOf<"scan">, check: Check): void {
  const { body } = node.attributes;
  const slots = parametersOf(body);
  const inputs = 1 + slots.length;
  check(
    node.inputs.length >= inputs,
    `a scan with ${slots.length} states and slices has ${inputs} inputs or more`,
  );
  const parts = partsOf(node);
  verifySlots(parts, check);
  check(body.next.length === body.carried.length, "a scan has one next state for each state");
  body.carried.forEach((state, k) => {
    const next = body.next[k];
    const fits = next !== undefined && sameShape(next.shape, state.shape) && next.dtype === state.dtype;
    check(fits, `next state ${k} is shaped as the state "${state.attributes.name}"`);
  });
  check(
    resultsOf(body).every(({ dtype }) => dtype === "float32"),
    "the results of a scan are float32",
  );
  check(
    body.summed.every(({ shape }) => !shape.includes(rows)),
    "what a scan sums has no rows",
  );
  const nonlinear = node.attributes.associative ? nonlinearityOf(body) : null;
  check(
    nonlinear === null,
    `an associative scan is linear in its states, and "${nonlinear?.state.attributes.name}" is not: ` +
      `${nonlinear && printNode(nonlinear.node)}`,
  );

  const own = bodyNodes(body);
  const inside = new Set<Node>([...own, ...node.inputs.slice(inputs)]);
  const reaches = (used: Node): boolean => used.op === "constant" || inside.has(used);
  check(
    !node.inputs.some((input) => own.has(input)),
    "an input of a scan depends on a state or slice of its own body",
  );
  check(
    resultsOf(body).every(reaches),
    "a result of the body is neither its own nor among the inputs of the scan",
  );
  for (const used of own) {
    check(
      used.inputs.every(reaches),
      `the body takes something that is not among the inputs: ${printNode(used)}`,
    );
  }
}

function verifySlots({ lengths, initial, sequences, body, time }: ScanParts, check: Check): void {
  check(sameShape(lengths.shape, [rows]), "the lengths of a scan are [rows]");
  body.carried.forEach((state, k) => {
    const from = initial[k];
    const fits = from !== undefined && sameShape(from.shape, state.shape) && from.dtype === state.dtype;
    check(fits, `initial state ${k} is shaped as the state "${state.attributes.name}"`);
  });
  body.sequences.forEach((slice, k) => {
    const from = sequences[k];
    const fits =
      from !== undefined && sameShape(from.shape, [time, ...slice.shape]) && from.dtype === slice.dtype;
    check(fits, `sequence ${k} is the slice "${slice.attributes.name}" with ${time} before it`);
  });
}
