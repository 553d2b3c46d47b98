/** Where the inputs of a computation stand: as the host writes them, row after row, time-major. */
import type { Computation, Parameter } from "../../graph/computation.ts";
import { type Node, rows, type Shape } from "../../graph/nodes.ts";
import { sizeOf } from "../../graph/shapes.ts";
import type { Plan } from "../described.ts";
import { type Buffer, type Slot, sitesWithin } from "../store.ts";
import { hasRows, timeOf } from "../values.ts";
import { lengthsKey } from "./frame.ts";

/** Features of a row, or of a step of it. */
export const widthOfRow = (shape: Shape): number =>
  shape
    .slice(shape.indexOf(rows) + 1)
    .reduce<number>((count, dim) => count * (typeof dim === "number" ? dim : 1), 1);

export function inputBuffer({ shape, dtype }: Parameter, name: string): Buffer {
  const time = timeOf(shape);
  const perRow = hasRows(shape);
  return {
    name,
    storage: time === null ? "single" : "full",
    time,
    rows: perRow ? "rows" : 1,
    stride: perRow ? widthOfRow(shape) : sizeOf(shape),
    states: false,
    integers: dtype === "int32",
  };
}

export function inputSlots(computation: Computation, inputs: Plan["inputs"]): ReadonlyMap<Node, Slot> {
  const slots = new Map<Node, Slot>();
  for (const { parameter, buffer } of inputs)
    slots.set(parameter, { buffer, column: 0, ...sitesWithin(parameter), shift: 0 });
  for (const [time, parameter] of Object.entries(computation.lengths)) {
    const buffer: Buffer = {
      name: lengthsKey(time),
      storage: "single",
      time: null,
      rows: "rows",
      stride: 1,
      states: false,
      integers: true,
    };
    slots.set(parameter, { buffer, column: 0, width: 1, sites: 1, siteStride: 1, shift: 0 });
  }
  return slots;
}
