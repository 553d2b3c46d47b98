/**
 * A stage that moves numbers to other places: parts side by side, the features of all sites, steps as sites, windows of
 * an image (windows.ts). Parts are written in order.
 */
import { invariant } from "../../../errors.ts";
import { zeros } from "../../graph/build.ts";
import type { Node, NodeOf } from "../../graph/nodes.ts";
import { sitesOf, widthOf } from "../../graph/shapes.ts";
import type { Stage } from "../fuse.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Slot } from "../store.ts";
import { floatBytes, Place, stepAddress } from "./addresses.ts";
import { operand } from "./elementwise.ts";
import { lengthsKey } from "./frame.ts";
import { constantVector, int, less, lessEqual, load, loadInt, plus, splat, times, Writer } from "./ir.ts";
import {
  type Domain,
  type Kernels,
  leftSide,
  overSites,
  overSteps,
  parametersOf,
  rowCount,
} from "./kernels.ts";
import { overFeatures } from "./map.ts";
import { put, type RowAt } from "./put.ts";
import { lowerOverlapAdd, lowerPatches } from "./windows.ts";

export function lowerCopy(kernels: Kernels, stage: Stage, domain: Domain, name: string): ProgramFunction {
  const writer = new Writer();
  overSteps(writer, domain, (step) => {
    writer.loop(int(0), rowCount(kernels, writer, domain, step), 1, (row) => {
      for (const node of stage.members) copyRow(kernels, node, { writer, domain, step, row });
    });
  });
  return writer.finish(name, parametersOf[domain.steps]);
}

function copyRow(kernels: Kernels, node: Node, at: RowAt): void {
  switch (node.op) {
    case "concat":
      return copyParts(kernels, node, at, node.inputs);
    case "pad":
      return copyParts(kernels, node, at, padded(node));
    case "joinSites":
      return copySites(kernels, node, at);
    case "timeToSites":
      return copySteps(kernels, node, at);
    case "patches":
      return lowerPatches(kernels, node, at);
    case "overlapAdd":
      return lowerOverlapAdd(kernels, node, at);
    default:
      return invariant(false, `lower: "${node.op}" is not a copy`);
  }
}

function padded(node: NodeOf<"pad">): readonly Node[] {
  const { start, size } = node.attributes;
  const [x] = node.inputs;
  const blank = (width: number): readonly Node[] =>
    width > 0 ? [zeros([...x.shape.slice(0, -1), width])] : [];
  return [...blank(start), x, ...blank(size - start - widthOf(x))];
}

function copyParts(kernels: Kernels, node: Node, at: RowAt, parts: readonly Node[]): void {
  overSites(at.writer, at.domain.sites, (site) => {
    let start = 0;
    for (const part of parts) {
      copyPart(kernels, { ...at, node, part, site, start });
      start += widthOf(part);
    }
  });
}

interface Part extends RowAt {
  readonly node: Node;
  readonly part: Node;
  readonly site: Expression;
  readonly start: number;
}

function copyPart(kernels: Kernels, { writer, domain, node, part, start, step, row, site }: Part): void {
  const { lanes, frame } = kernels;
  const width = widthOf(part);
  const slot = kernels.slotOf(node) as Slot;
  overFeatures(writer, width, lanes, (feature) => {
    const { rows, sites } = domain;
    const place = new Place(writer, frame, lanes, { rows, sites, step, row, site, feature });
    const value = operand(kernels, part, { place, row: 0, vector: 0, width, made: new Map() });
    put(place, { address: place.pointer(slot, true), offset: slot.column + start, width }, value);
  });
}

/** The features of each site behind those of the one before. */
function copySites(kernels: Kernels, node: NodeOf<"joinSites">, { writer, domain, step, row }: RowAt): void {
  const { lanes, frame } = kernels;
  const [x] = node.inputs;
  const [width, sites] = [widthOf(x), sitesOf(x)];
  const slot = kernels.slotOf(node) as Slot;
  overSites(writer, sites, (site) => {
    overFeatures(writer, width, lanes, (feature) => {
      const place = new Place(writer, frame, lanes, { rows: domain.rows, sites, step, row, site, feature });
      const value = operand(kernels, x, { place, row: 0, vector: 0, width, made: new Map() });
      const address = plus(place.pointer(slot, true), times(site, int(width * floatBytes)));
      put(place, { address, offset: slot.column, width }, value);
    });
  });
}

/** Step by step to site by site; zeros behind the last step. */
function copySteps(kernels: Kernels, node: NodeOf<"timeToSites">, { writer, domain, row }: RowAt): void {
  const { lanes, frame } = kernels;
  const { slot: from, column } = leftSide(kernels, node.inputs[0]);
  const to = kernels.slotOf(node) as Slot;
  const width = widthOf(node);
  const time = from.buffer.time ?? 0;
  const lengths = plus(frame.read(writer, lengthsKey(time)), times(row, int(floatBytes)));
  const length = writer.set(loadInt(lengths), "int");
  overSites(writer, to.sites, (site) => {
    overFeatures(writer, width, lanes, (feature) => {
      const at = { rows: domain.rows, sites: to.sites, step: null, row, site, feature };
      const place = new Place(writer, frame, lanes, at);
      const target = { address: place.pointer(to, true), offset: to.column, width };
      writer.when(less(site, length), () => {
        const start = stepAddress(writer, frame, from.buffer, from.shift, site);
        const source = plus(start, times(row, int(from.buffer.stride * floatBytes)));
        const offset = column * floatBytes;
        put(place, target, width === 1 ? splat(source, offset) : load(plus(source, feature), offset));
      });
      writer.when(lessEqual(length, site), () => put(place, target, constantVector(0)));
    });
  });
}
