/** What is carried over the steps of each row, and left as it was by steps that do not count. */
import { outputOf, parameter, scan } from "../../core/graph/build.ts";
import { type Node, type NodeOf, rows } from "../../core/graph/nodes.ts";
import { where } from "../../core/graph/operators.ts";
import { invariant } from "../../errors.ts";
import type { Value } from "./layer.ts";

type Named<N extends string> = Readonly<Record<N, Node>>;

interface Fold<State extends string, Seen extends string> {
  /** `[time, rows, 1]`, 1 where a step counts; null where all do. */
  readonly counts: Node | null;
  /** The states before the first step, `[rows, ...]`. */
  readonly initial: Named<State>;
  /** What a step sees of `[time, rows, ...]`. */
  readonly sequences: Named<Seen>;
  /** The states after a step that counts. */
  readonly next: (states: Named<State>, seen: Named<Seen>) => Named<State>;
}

/** The states after the last step of each row. */
export function folded<State extends string, Seen extends string>(
  { time, lengths }: Pick<Value, "time" | "lengths">,
  { counts, initial, sequences, next }: Fold<State, Seen>,
): Named<State> {
  invariant(time !== null && lengths !== null, "fold: a sequence");
  const states = parametersOf(initial, (shape) => shape);
  const seen = parametersOf(sequences, (shape) => shape.slice(1));
  const after = next(states, seen);
  const mask = counts && { outside: counts, inside: parameter("counts", [rows, 1]) };
  const kept = (name: State): Node => (mask ? where(mask.inside, after[name], states[name]) : after[name]);
  const names = Object.keys(initial) as State[]; // these are its keys
  const made = scan({
    lengths,
    initial: names.map((name) => initial[name]),
    sequences: [...Object.values<Node>(sequences), ...(mask ? [mask.outside] : [])],
    body: {
      carried: names.map((name) => states[name]),
      sequences: [...Object.values<NodeOf<"parameter">>(seen), ...(mask ? [mask.inside] : [])],
      next: names.map(kept),
      stacked: [],
      summed: [],
    },
    time,
    reverse: false,
  });
  return named(names, (_, k) => outputOf(made, "final", k));
}

function parametersOf<N extends string>(
  nodes: Named<N>,
  shapeOf: (shape: Node["shape"]) => Node["shape"],
): Readonly<Record<N, NodeOf<"parameter">>> {
  return named(Object.keys(nodes) as N[], (name) => parameter(name, shapeOf(nodes[name].shape)));
}

/** A record by names that are all its names. */
const named = <N extends string, T>(
  names: readonly N[],
  of: (name: N, k: number) => T,
): Readonly<Record<N, T>> => Object.fromEntries(names.map((name, k) => [name, of(name, k)])) as Record<N, T>;
