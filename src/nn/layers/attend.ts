/**
 * Attention (Bahdanau, Cho, Bengio 2015; Luong, Pham, Manning 2015; Vaswani et al. 2017): each query looks at all steps
 * of another sequence, or, where it is causal, at those up to its own.
 *
 *   e_j = score(q, k_j)     p = softmax(e), 0 where a step may not be looked at     y = sum of p_j v_j
 *
 * The steps looked at are sites of a row. In a session they are states: as many sites as there may be steps, filled one
 * by one.
 */
import { constant, outputOf, parameter, scan, zeros } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import {
  add,
  broadcast,
  div,
  equal,
  exp,
  greater,
  iota,
  joinSites,
  max,
  mul,
  reshape,
  stopGradient,
  sub,
  sum,
  sumSites,
  timeToSites,
  toFloat,
  where,
} from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { invariant } from "../../errors.ts";
import { type Context, countsOf, joinedMask, type Value } from "./layer.ts";
import { counterName, stepNumbers } from "./steps.ts";

/** What is looked at. */
export interface Memory {
  /** `[rows, sites, features]` */
  readonly keys: Node;
  readonly values: Node;
  /** `[rows, sites]`, or where it is causal `[time, rows, sites]`: 1 where a step may be looked at. */
  readonly allowed: Node;
}
export interface Remembering {
  readonly keys: Value;
  /** Has the steps of the keys. */
  readonly values: Value;
  readonly causal: boolean;
}
/** From a query `[..., 1, features]` and keys `[rows, sites, features]` to `[..., sites, 1]`. */
export type Score = (query: Node, keys: Node) => Node;

export function remember(seen: Remembering, context: Context): Memory {
  return context.stepping && seen.causal ? stepwise(seen, context) : whole(seen, context);
}

/** All steps at once. */
function whole({ keys, values, causal }: Remembering, context: Context): Memory {
  const { time, lengths } = keys;
  invariant(time !== null && lengths !== null, "attend: keys are a sequence");
  const sites = context.most(time);
  const counts = countsOf({ ...keys, mask: joinedMask([keys.mask, values.mask]) });
  const asSites = (sequence: Node): Node => timeToSites(sequence, lengths, sites);
  const within = greater(toFloat(reshape(lengths, [rows, 1])), iota(sites));
  const counted = counts === null ? within : joinSites(asSites(counts));
  return {
    keys: asSites(keys.node),
    values: asSites(values.node),
    allowed: causal ? mul(counted, sub(1, greater(iota(sites), stepNumbers(keys)))) : counted,
  };
}

/** The step at hand is put beside those before it. */
function stepwise({ keys, values }: Remembering, context: Context): Memory {
  const { time, lengths } = keys;
  invariant(time !== null && lengths !== null, "attend: keys are a sequence");
  const sites = context.most(time);
  const [keyWidth, valueWidth] = [widthOf(keys.node), widthOf(values.node)];
  const kept = {
    keys: parameter("keys", [rows, sites, keyWidth]),
    values: parameter("values", [rows, sites, valueWidth]),
    allowed: parameter("allowed", [rows, sites]),
    count: parameter(counterName, [rows, 1]),
  };
  const slices = {
    key: parameter("key", [rows, keyWidth]),
    value: parameter("value", [rows, valueWidth]),
    counts: parameter("counts", [rows, 1]),
  };
  const here = equal(iota(sites), kept.count);
  const site = reshape(here, [rows, sites, 1]);
  const put = (x: Node, before: Node): Node => where(site, reshape(x, [rows, 1, widthOf(x)]), before);
  const carried = [kept.keys, kept.values, kept.allowed, kept.count];
  const counts = joinedMask([keys.mask, values.mask]) ?? broadcast(constant(1), [time, rows, 1]);
  const made = scan({
    lengths,
    initial: carried.map(({ shape }) => zeros(shape)),
    sequences: [keys.node, values.node, counts],
    body: {
      carried,
      sequences: [slices.key, slices.value, slices.counts],
      next: [
        put(slices.key, kept.keys),
        put(slices.value, kept.values),
        where(here, slices.counts, kept.allowed),
        add(kept.count, 1),
      ],
      stacked: [],
      summed: [],
    },
    time,
    reverse: false,
  });
  const last = (index: number): Node => outputOf(made, "final", index);
  return { keys: last(0), values: last(1), allowed: last(2) };
}

/** `[..., features]` for queries `[..., features]`. Where nothing may be looked at, zeros. */
export function attend(query: Node, { keys, values, allowed }: Memory, score: Score): Node {
  const lead = query.shape.slice(0, -1);
  const scores = joinSites(score(reshape(query, [...lead, 1, widthOf(query)]), keys));
  const weights = reshape(weighed(scores, allowed), [...lead, ...sitesOf(keys), 1]);
  return reshape(sumSites(mul(weights, values)), [...lead, widthOf(values)]);
}

const sitesOf = ({ shape }: Node): readonly Dim[] => shape.slice(1, -1);

/** Softmax over what is allowed; zeros elsewhere. */
function weighed(scores: Node, allowed: Node): Node {
  const highest = stopGradient(max(where(allowed, scores, lowest)));
  // Chosen before and behind: no power is infinite, so that no gradient is 0 times infinity.
  const powers = where(allowed, exp(where(allowed, sub(scores, highest), 0)), 0);
  const total = sum(powers);
  return div(powers, where(greater(total, 0), total, 1));
}
const lowest = -3e38;
