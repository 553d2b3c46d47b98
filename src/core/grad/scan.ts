/**
 * Back-propagation through time: the gradient of a scan is a scan in the opposite direction.
 *
 *   forward     t = 1 ... T    s_t, y_t = f(s_{t-1}, x_t, W)
 *   backward    t = T ... 1    delta_{t-1}, dx_t, dW_t = (delta_t, dy_t) J_t,   J_t the derivatives of f at step t
 *
 *   delta_T = dL/ds_T    dL/ds_0 = delta_0    dL/dx_t = dx_t    dL/dW = the sum of dW_t over all steps
 *
 * delta_t is the derivative of the loss with respect to the state s_t, everything that follows included. J_t needs
 * values of step t: the forward scan keeps them (residuals.ts), and the backward scan reads them as sequences.
 *
 * A delta goes back through the same factors as the state came: where f is linear in the states, so is the way back.
 *
 * The same scan gives dL/dv_t of any value v of a step (`inside`), such as the sum that goes into an activation.
 *
 * A row takes part in the steps before its length, in both directions: until then its delta waits, as its state stayed.
 *
 * Rumelhart, Hinton, Williams 1986; Werbos 1990.
 */
import { scan as makeScan, outputOf, parameter, partsOf, zeros } from "../graph/build.ts";
import { nonlinearityOf } from "../graph/linear.ts";
import { type Node, type NodeOf, rows, type ScanBody, type ScanResult } from "../graph/nodes.ts";
import { add } from "../graph/operators.ts";
import { sameShape } from "../graph/shapes.ts";
import { bodyNodes, resultsOf, topological, withResults } from "../graph/walk.ts";
import { type Answer, influencedBy, type Question } from "./question.ts";
import { keepResiduals } from "./residuals.ts";

/** The gradient of one result of a scan. */
export interface ResultGradient extends ScanResult {
  readonly grad: Node;
}
export interface ScanQuestion {
  readonly scan: NodeOf<"scan">;
  readonly given: readonly ResultGradient[];
  /** Inputs whose gradient is wanted are among these. */
  readonly wanted: ReadonlySet<Node>;
  /** Stacked results whose values in the body the gradient is wanted for. */
  readonly inside: readonly NodeOf<"output">[];
  /** Reverse accumulation, for the body. */
  readonly differentiate: (question: Question) => Answer;
}
export interface ScanAnswer {
  /** The forward scan, which now keeps what the backward scan reads; its old results are where they were. */
  readonly forward: Node;
  /** One for each input of the scan. */
  readonly gradients: readonly (Node | null)[];
  /** One for each of `inside`, stacked. */
  readonly ofInside: readonly Node[];
}

/** One step back, written on parameters. */
interface StepBack {
  /** The body of the forward scan: the same, but for scans inside it that are now renewed. */
  readonly body: ScanBody;
  /** For each state the parameter that is its delta, null where it has none. */
  readonly deltas: readonly (NodeOf<"parameter"> | null)[];
  /** For each stacked result the parameter that is its gradient, null where it has none. */
  readonly slices: readonly (NodeOf<"parameter"> | null)[];
  /** The gradients of the parameters of the body, and of the nodes it captures, that have one. */
  readonly gradients: ReadonlyMap<Node, Node>;
  /** The gradients of the values that are wanted inside, zeros where there is none. */
  readonly ofInside: readonly Node[];
}
/** The results of the backward scan, each with the node of the forward body whose gradient it is. */
interface Targets {
  /** States that carry a delta. */
  readonly states: readonly Node[];
  /** Captured nodes with rows: their gradient has rows as well, and is added up the way a state is carried. */
  readonly accumulated: readonly Node[];
  readonly sequences: readonly Node[];
  /** The values of the body asked for, as gradients. */
  readonly inside: readonly Node[];
  /** Captured nodes without rows: the weights. The gradient of one used twice in a step is two sums. */
  readonly summed: readonly { readonly of: Node; readonly grad: Node }[];
}

export function backpropagate(question: ScanQuestion): ScanAnswer {
  const { scan } = question;
  const { initial, sequences } = partsOf(scan);
  const captured = scan.inputs.slice(1 + initial.length + sequences.length);
  const back = stepBack(question, captured);
  const has = (node: Node): boolean => back.gradients.has(node);
  const targets: Targets = {
    states: back.body.carried.filter((_, k) => back.deltas[k]),
    accumulated: captured.filter((node) => has(node) && node.shape.includes(rows)),
    sequences: back.body.sequences.filter(has),
    summed: captured
      .filter((node) => has(node) && !node.shape.includes(rows))
      .flatMap((of) => termsOf(back.gradients.get(of) as Node).map((grad) => ({ of, grad }))),
    inside: back.ofInside,
  };
  const { forward, backward } = backwardScan(question, back, targets);

  const { carried, sequences: slices } = back.body;
  const result = (kind: ScanResult["kind"], node: Node, among: readonly Node[]): Node | null =>
    among.includes(node) ? outputOf(backward, kind, among.indexOf(node)) : null;
  const ofStates = carried.map((state) => result("final", state, targets.states));
  const ofSequences = slices.map((slice) => result("stacked", slice, targets.sequences));
  const kept = [...targets.states, ...targets.accumulated];
  const sumOf = (node: Node): Node | null => {
    const terms = targets.summed.flatMap(({ of }, k) =>
      of === node ? [outputOf(backward, "summed", k)] : [],
    );
    return terms.length === 0 ? null : add(...(terms as [Node]));
  };
  const ofCaptured = captured.map((node) => result("final", node, kept) ?? sumOf(node));
  const ofInside = back.ofInside.map((_, k) => outputOf(backward, "stacked", targets.sequences.length + k));
  return { forward, gradients: [null, ...ofStates, ...ofSequences, ...ofCaptured], ofInside };
}

/** What a sum is made of. */
const termsOf = (node: Node): readonly Node[] =>
  node.op === "add" && node.inputs.every(({ shape }) => sameShape(shape, node.shape))
    ? node.inputs.flatMap(termsOf)
    : [node];

/** The derivatives of one step. A state has a delta when the loss changes with it, and it with what is wanted. */
function stepBack(question: ScanQuestion, captured: readonly Node[]): StepBack {
  const { scan, given, wanted, differentiate } = question;
  const { initial, sequences, body } = partsOf(scan);
  const inside = question.inside.map((output) => body.stacked[output.attributes.result.index] as Node);
  const own = bodyNodes(body);
  const inputs = [
    ...body.sequences.filter((_, k) => wanted.has(sequences[k] as Node)),
    ...captured.filter((node) => wanted.has(node)),
  ];
  const begun = body.carried.filter((_, k) => wanted.has(initial[k] as Node));
  const states = changingStates(body, begun, [...inputs, ...inside]);
  const wrt = [...states, ...inputs, ...inside];
  const slices = body.stacked.map((value, k) =>
    gradientOf(given, "stacked", k) ? parameter(`gradient.${k}`, value.shape) : null,
  );
  const sums = body.summed.map((_, k) => gradientOf(given, "summed", k));
  const live = new Set<Node>(
    states.filter((state) => gradientOf(given, "final", body.carried.indexOf(state))),
  );
  for (;;) {
    const deltas = body.carried.map((state) =>
      live.has(state) ? parameter(`delta.${state.attributes.name}`, state.shape) : null,
    );
    const answer = differentiate({
      roots: resultsOf(body),
      seeds: [...deltas, ...slices, ...sums],
      wrt,
      own,
    });
    const reached = states.filter((state, k) => answer.gradients[k] && !live.has(state));
    for (const state of reached) live.add(state);
    if (reached.length > 0) continue;
    const gradients = wrt.flatMap((node, k): [Node, Node][] => {
      const grad = answer.gradients[k];
      return grad ? [[node, grad]] : [];
    });
    const ofInside = inside.map(
      (node, k) => answer.gradients[wrt.length - inside.length + k] ?? zeros(node.shape),
    );
    return { body: withResults(body, answer.roots), deltas, slices, gradients: new Map(gradients), ofInside };
  }
}

/** The states that change when one of `inputs`, or one of those that `begun` in a wanted state, does. */
function changingStates(
  body: ScanBody,
  begun: readonly NodeOf<"parameter">[],
  inputs: readonly Node[],
): readonly NodeOf<"parameter">[] {
  const own = bodyNodes(body);
  const order = topological(resultsOf(body), { has: (node) => !own.has(node) });
  const influenced = influencedBy([...begun, ...inputs], order);
  const states = body.carried.filter(
    (state, k) => begun.includes(state) || influenced.has(body.next[k] as Node),
  );
  return states.length === begun.length ? states : changingStates(body, states, inputs);
}

function backwardScan(
  { scan, given }: ScanQuestion,
  back: StepBack,
  { states, accumulated, sequences, inside, summed }: Targets,
): { readonly forward: Node; readonly backward: NodeOf<"scan"> } {
  const { lengths, body, time, reverse, associative } = partsOf(scan);
  const gradOf = (node: Node): Node => back.gradients.get(node) ?? zeros(node.shape);
  const totals = accumulated.map((node, k) => parameter(`total.${k}`, node.shape));
  const next = [...states.map(gradOf), ...accumulated.map((node, k) => add(totals[k] as Node, gradOf(node)))];
  const stacked = [...sequences.map(gradOf), ...inside];
  const results = [...next, ...stacked, ...summed.map(({ grad }) => grad)];
  const residuals = keepResiduals(scan, back.body, results);

  const slices = back.slices.flatMap((slice, k) => {
    const sequence = slice && gradientOf(given, "stacked", k);
    return sequence ? [{ slice, sequence }] : [];
  });
  const last = body.carried.flatMap((state, k) =>
    back.deltas[k] ? [gradientOf(given, "final", k) ?? zeros(state.shape)] : [],
  );
  const parameters = {
    carried: [...back.deltas.filter((delta) => delta !== null), ...totals],
    sequences: [...slices.map(({ slice }) => slice), ...residuals.parameters],
  };
  const stepBack: ScanBody = {
    ...parameters,
    next: residuals.results.slice(0, next.length),
    stacked: residuals.results.slice(next.length, next.length + stacked.length),
    summed: residuals.results.slice(next.length + stacked.length),
  };
  const backward = makeScan({
    lengths,
    initial: [...last, ...totals.map(({ shape }) => zeros(shape))],
    sequences: [...slices.map(({ sequence }) => sequence), ...residuals.sequences],
    body: stepBack,
    time,
    reverse: !reverse,
    associative: associative === true && nonlinearityOf(stepBack) === null,
  });
  return { forward: residuals.forward, backward };
}

function gradientOf(given: readonly ResultGradient[], kind: ScanResult["kind"], index: number): Node | null {
  return given.find((result) => result.kind === kind && result.index === index)?.grad ?? null;
}
