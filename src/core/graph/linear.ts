/**
 * Linear recurrences: every next state is a sum of states, each times something that depends on no state.
 *
 *   linear       h' = (1 - z_t) h + z_t n_t           re' = a re - b im + u_t,  im' = b re + a im + v_t
 *   not linear   h' = tanh(h + x_t)                   f_t = sigmoid(v c),  c' = f_t c
 *
 * Elements of states may be moved and chosen, but no product with a matrix adds them up: so that what two steps do
 * together is a step again, no larger than each of the two (Blelloch 1990), which is what makes a scan associative.
 */
import { UnrollError } from "../../errors.ts";
import { type ScanParts, scan } from "./build.ts";
import type { Node, NodeOf, Operator, ScanBody } from "./nodes.ts";
import { dependents, resultsOf, topological } from "./walk.ts";

/** A state whose next value is not linear in the states, and the node that makes it so. */
export interface Nonlinearity {
  readonly state: NodeOf<"parameter">;
  readonly node: Node;
}

/** The first state that is not linear, or null. One that no step reads does not matter: it is a last value. */
export function nonlinearityOf(body: ScanBody): Nonlinearity | null {
  const results = resultsOf(body);
  const stateful = dependents(results, body.carried);
  const read = new Set(
    topological(results)
      .flatMap(({ inputs }) => inputs)
      .concat(results),
  );
  for (const [k, state] of body.carried.entries()) {
    const next = body.next[k];
    if (next === undefined || !read.has(state)) continue;
    const made = topological([next]).filter((node) => stateful.has(node) && node.op !== "parameter");
    const node = made.find((one) => !isLinear(one, (input) => stateful.has(input)));
    if (node) return { state, node };
  }
  return null;
}

/** A scan whose step is linear in its states. Throws an UnrollError that names a state which is not. */
export function associativeScan(parts: Omit<ScanParts, "associative">): NodeOf<"scan"> {
  const found = nonlinearityOf(parts.body);
  if (found === null) return scan({ ...parts, associative: true });
  throw new UnrollError({
    where: `associativeScan, state "${found.state.attributes.name}"`,
    expected: "a next state that is a sum of states, each times something that depends on no state",
    got: `the operator "${found.node.op}" of a state`,
    fix: "Let gates and candidates depend on the sequences alone, or make it with scan.",
  });
}

/** What only moves or chooses elements, adds them up or changes their sign. A delta that vanishes was zero already. */
const additive: ReadonlySet<Operator> = new Set<Operator>([
  "add",
  "sub",
  "neg",
  "reshape",
  "broadcast",
  "slice",
  "pad",
  "concat",
  "vanish",
  "stopGradient",
]);

/** Is one node, some of whose inputs depend on a state, linear in these? */
function isLinear({ op, inputs }: Node, isStateful: (node: Node) => boolean): boolean {
  const on = inputs.map(isStateful);
  if (op === "mul") return !(on[0] && on[1]);
  if (op === "div") return !on[1];
  return op === "where" ? !on[0] : additive.has(op);
}
