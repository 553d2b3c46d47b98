/** First and last states of batches: those of stateful layers stay with the network from batch to batch. */
import { UnrollError } from "../../errors.ts";
import type { Network } from "./network.ts";
import type { Traced, TracedState } from "./trace.ts";

/** `[rows, ...]` by "layer/state". */
export type States = ReadonlyMap<string, Float32Array>;

/** The layers whose states go on from batch to batch. */
export function statefulLayers({ layers }: Pick<Network, "layers">): readonly string[] {
  return layers.filter(({ definition }) => definition.stateful).map(({ name }) => name);
}

export const stateName = ({ layer, name }: Pick<TracedState, "layer" | "name">): string => `${layer}/${name}`;

/** The states whose first values come from outside, in the order of inputs. */
export const givenStates = (traced: Traced): readonly TracedState[] =>
  traced.states.filter(({ initial }) => initial !== null);

/** The states at the beginning of a batch, or those `carried` from the piece before; zeros where there is none. */
export function statesBefore(
  network: Pick<Network, "carried">,
  rows: number,
  carried: Readonly<Record<string, Float32Array>>,
): States {
  const states = new Map<string, Float32Array>();
  for (const [name, state] of network.carried) {
    if (state.rows !== rows) throw otherRows(name, state.rows, rows);
    states.set(name, state.values);
  }
  for (const [name, values] of Object.entries(carried)) states.set(name, values);
  return states;
}

function otherRows(name: string, before: number, rows: number): UnrollError {
  return new UnrollError({
    where: `stateful layer "${name.split("/")[0]}"`,
    expected: `${before} rows, as in the batch before`,
    got: `${rows}`,
    fix: "Choose a batchSize that divides the number of rows, or call model.resetStates().",
  });
}

/** Keeps the last states of stateful layers. */
export function statesAfter(
  network: Pick<Network, "carried" | "layers">,
  rows: number,
  states: States,
): void {
  const stateful = statefulLayers(network);
  for (const [name, values] of states) {
    const layer = name.split(/[/#]/)[0] ?? "";
    if (stateful.includes(layer)) network.carried.set(name, { rows, values });
  }
}
