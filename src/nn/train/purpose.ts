/** Which numbers have to come in with the steps of a data set. */

import { once } from "../model/network.ts";
import { type Traced, trace } from "../model/trace.ts";
import type { Dataset } from "./batches.ts";
import type { Learner } from "./learner.ts";
import type { Given } from "./objective.ts";
import { ignoredBy, isOfSequences } from "./sequenceLosses.ts";

/**
 * Counts where rows differ in length, where the output has a mask, or where the loss ignores a class; weights where
 * samples or classes have some. A loss of whole sequences looks at lengths and masks itself.
 */
export function givenFor(
  { network, compiled }: Learner,
  { ragged, sampleWeight, classWeight, targets }: Dataset,
): readonly Given[] {
  const weights = sampleWeight !== null || classWeight !== null;
  const masked = once(network, "which outputs have masks", () => {
    const traced: Traced = trace(network, { training: false, states: "initial" });
    return traced.outputs.map(({ mask }) => mask !== null);
  });
  return compiled.goals.map(({ loss }, k) => {
    const labels = loss.target === "labels" ? { labels: targets[k]?.size ?? 1 } : {};
    if (isOfSequences(loss)) return { counts: false, weights, ...labels };
    const time = targets[k]?.time ?? null;
    const uneven = typeof time === "string" && ragged.has(time);
    return { counts: uneven || masked[k] === true || ignoredBy(loss) !== null, weights };
  });
}
