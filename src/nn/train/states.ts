/** First and last states of batches: those of stateful layers stay with the network, pieces of a batch hand on all. */
import type { Network } from "../model/network.ts";
import { refuseUnless } from "./refuse.ts";

export type States = ReadonlyMap<string, Float32Array>;

/** The layers whose states go on from batch to batch. */
export function statefulLayers({ layers }: Network): readonly string[] {
  return layers.filter(({ definition }) => definition.stateful).map(({ name }) => name);
}

/** The states at the beginning of a batch, or those `carried` from the piece before; zeros where there is none. */
export function statesBefore(
  network: Pick<Network, "carried">,
  rows: number,
  carried: Readonly<Record<string, Float32Array>>,
): States {
  const states = new Map<string, Float32Array>();
  for (const [name, state] of network.carried) {
    refuseUnless(state.rows === rows, {
      where: `stateful layer "${name.split("/")[0]}"`,
      expected: `${state.rows} rows, as in the batch before`,
      got: `${rows}`,
      fix: "Give stateful layers batches of one size (batchSize divides the number of rows), or call model.resetStates().",
    });
    states.set(name, state.values);
  }
  for (const [name, values] of Object.entries(carried)) states.set(name, values);
  return states;
}

/** Keeps the last states of stateful layers. */
export function statesAfter(
  network: Pick<Network, "carried" | "layers">,
  rows: number,
  states: States,
): void {
  const stateful = network.layers.filter(({ definition }) => definition.stateful).map(({ name }) => name);
  for (const [name, values] of states) {
    const layer = name.split(/[/#]/)[0] ?? "";
    if (stateful.includes(layer)) network.carried.set(name, { rows, values });
  }
}
