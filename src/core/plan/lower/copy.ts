/** A stage that puts values side by side: concat, pad, and steps that become features. Parts are written in order. */
import { invariant } from "../../../errors.ts";
import { zeros } from "../../graph/build.ts";
import type { Node, NodeOf } from "../../graph/nodes.ts";
import { widthOf } from "../../graph/shapes.ts";
import type { Stage } from "../fuse.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Slot } from "../store.ts";
import { floatBytes, Place, stepAddress } from "./addresses.ts";
import { operand } from "./elementwise.ts";
import { int, load, plus, splat, times, Writer } from "./ir.ts";
import { type Domain, type Kernels, leftSide, masked, overSteps, parametersOf, rowCount } from "./kernels.ts";
import { overFeatures } from "./map.ts";

export function lowerCopy(kernels: Kernels, stage: Stage, domain: Domain, name: string): ProgramFunction {
  const writer = new Writer();
  overSteps(writer, domain, (step) => {
    writer.loop(int(0), rowCount(kernels, writer, domain, step), 1, (row) => {
      for (const node of stage.members) copyRow(kernels, { writer, domain, node, step, row });
    });
  });
  return writer.finish(name, parametersOf[domain.steps]);
}

interface Row {
  readonly writer: Writer;
  readonly domain: Domain;
  readonly node: Node;
  readonly step: Expression | null;
  readonly row: Expression;
}

function copyRow(kernels: Kernels, at: Row): void {
  const { node } = at;
  if (node.op === "timeToFeatures") return copySteps(kernels, at, node);
  invariant(node.op === "concat" || node.op === "pad", `lower: "${node.op}" is not a copy`);
  let start = 0;
  for (const part of node.op === "concat" ? node.inputs : padded(node)) {
    copyPart(kernels, { ...at, part, start });
    start += widthOf(part);
  }
}

function padded(node: NodeOf<"pad">): readonly Node[] {
  const { start, size } = node.attributes;
  const [x] = node.inputs;
  const blank = (width: number): readonly Node[] =>
    width > 0 ? [zeros([...x.shape.slice(0, -1), width])] : [];
  return [...blank(start), x, ...blank(size - start - widthOf(x))];
}

interface Part extends Row {
  readonly part: Node;
  readonly start: number;
}

function copyPart(kernels: Kernels, { writer, domain, node, part, start, step, row }: Part): void {
  const { lanes, frame } = kernels;
  const width = widthOf(part);
  const slot = kernels.slotOf(node) as Slot;
  overFeatures(writer, width, lanes, (feature) => {
    const place = new Place(writer, frame, lanes, { rows: domain.rows, step, row, feature });
    const value = operand(kernels, part, { place, row: 0, vector: 0, width, made: new Map() });
    put(place, slot, start, width, value);
  });
}

/** Lanes behind the last feature are overwritten by the next part, or are padding. */
function put(place: Place, slot: Slot, start: number, width: number, value: Expression): void {
  const address = plus(place.pointer(slot, true), place.feature);
  const offset = (slot.column + start) * floatBytes;
  if (width === 1) place.writer.push({ kind: "storeFirst", address, offset, value });
  else place.writer.push({ kind: "store", address, offset, value: masked(place, 0, width, value) });
}

function copySteps(kernels: Kernels, { writer, domain, row }: Row, node: NodeOf<"timeToFeatures">): void {
  const { lanes, frame } = kernels;
  const { slot: from, column } = leftSide(kernels, node.inputs[0]);
  const to = kernels.slotOf(node) as Slot;
  const width = widthOf(node.inputs[0]);
  writer.loop(int(0), int(widthOf(node) / width), 1, (step) => {
    overFeatures(writer, width, lanes, (feature) => {
      const place = new Place(writer, frame, lanes, { rows: domain.rows, step: null, row, feature });
      const source = plus(
        stepAddress(writer, frame, from.buffer, from.shift, step),
        times(row, int(from.buffer.stride * floatBytes)),
      );
      const offset = column * floatBytes;
      const value = writer.set(
        width === 1 ? splat(source, offset) : load(plus(source, feature), offset),
        "vector",
      );
      const address = plus(plus(place.pointer(to, true), times(step, int(width * floatBytes))), feature);
      const kind = width === 1 ? "storeFirst" : "store";
      writer.push({ kind, address, offset: to.column * floatBytes, value: masked(place, 0, width, value) });
    });
  });
}
