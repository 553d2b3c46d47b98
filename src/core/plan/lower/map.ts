/** A stage without products: for each row one pass over the features, with reductions at its end. */
import { invariant } from "../../../errors.ts";
import type { Node } from "../../graph/nodes.ts";
import { isOverSites, type Stage } from "../fuse.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import { floatBytes, Place } from "./addresses.ts";
import { evaluate, operand, type Spot } from "./elementwise.ts";
import { constantVector, int, local, vector, Writer } from "./ir.ts";
import {
  blocksOf,
  type Domain,
  inside,
  type Kernels,
  overSites,
  overSteps,
  parametersOf,
  rowCount,
  storeAt,
} from "./kernels.ts";

export function lowerMap(kernels: Kernels, stage: Stage, domain: Domain, name: string): ProgramFunction {
  const writer = new Writer();
  overSteps(writer, domain, (step) => {
    writer.loop(int(0), rowCount(kernels, writer, domain, step), 1, (row) => {
      if (stage.members.some(isOverSites)) lowerOverSites(kernels, stage, domain, { writer, step, row });
      else
        overSites(writer, stage.sites, (site) =>
          lowerSite(kernels, stage, domain, { writer, step, row, site }),
        );
    });
  });
  return writer.finish(name, parametersOf[domain.steps]);
}

interface Row {
  readonly writer: Writer;
  readonly step: Expression | null;
  readonly row: Expression;
}

interface Site extends Row {
  readonly site: Expression;
}

function lowerSite(
  kernels: Kernels,
  { members, width, sites }: Stage,
  domain: Domain,
  { writer, step, row, site }: Site,
): void {
  const at = { rows: domain.rows, sites, step, row, site };
  const { lanes, frame } = kernels;
  const reductions = members.filter(({ op }) => op === "sum" || op === "max");
  const others = members.filter((node) => !reductions.includes(node));
  const sums = new Map<Node, string>(reductions.map((node) => [node, writer.name("sum")]));
  for (const [node, sum] of sums) writer.assign(sum, neutral(node), "vector");
  overFeatures(writer, width, lanes, (feature) => {
    const place = new Place(writer, frame, lanes, { ...at, feature });
    const spot: Spot = { place, row: 0, vector: 0, width, made: new Map() };
    evaluateAndStore(kernels, others, spot);
    for (const [node, sum] of sums)
      writer.assign(sum, reduced(kernels, node, spot, local(sum, "vector")), "vector");
  });
  const place = new Place(writer, frame, lanes, { ...at, feature: int(0) });
  for (const [node, sum] of sums) {
    const slot = kernels.slotOf(node);
    invariant(slot !== null, "lower: a reduction goes through memory");
    storeAt(place, slot, 0, 0, across(node, width, local(sum, "vector")));
  }
}

function evaluateAndStore(kernels: Kernels, members: readonly Node[], spot: Spot): void {
  evaluate(kernels, members, spot);
  for (const node of members) {
    const slot = kernels.slotOf(node);
    if (slot !== null) storeAt(spot.place, slot, 0, 0, spot.made.get(node) as Expression);
  }
}

/** Reductions over the sites of a row, from the first to the last. */
function lowerOverSites(
  kernels: Kernels,
  { members, width, sites }: Stage,
  domain: Domain,
  { writer, step, row }: Row,
): void {
  const { lanes, frame } = kernels;
  const reductions = members.filter(isOverSites);
  const others = members.filter((node) => !isOverSites(node));
  overFeatures(writer, width, lanes, (feature) => {
    const at = { rows: domain.rows, step, row, feature };
    const sums = new Map<Node, string>(reductions.map((node) => [node, writer.name("sum")]));
    for (const [node, sum] of sums) writer.assign(sum, neutral(node), "vector");
    overSites(writer, sites, (site) => {
      const place = new Place(writer, frame, lanes, { ...at, sites, site });
      const spot: Spot = { place, row: 0, vector: 0, width, made: new Map() };
      evaluateAndStore(kernels, others, spot);
      for (const [node, sum] of sums) {
        const value = operand(kernels, node.inputs[0] as Node, spot);
        const op = node.op === "sumSites" ? "add" : "max";
        writer.assign(sum, vector(op, local(sum, "vector"), value), "vector");
      }
    });
    const place = new Place(writer, frame, lanes, at);
    for (const [node, sum] of sums) {
      const slot = kernels.slotOf(node);
      invariant(slot !== null, "lower: a reduction goes through memory");
      storeAt(place, slot, 0, 0, local(sum, "vector"));
    }
  });
}

/** `body` with the first feature of each vector, in bytes. */
export function overFeatures(
  writer: Writer,
  width: number,
  lanes: number,
  body: (feature: Expression) => void,
): void {
  const blocks = blocksOf(width, lanes);
  if (blocks === 1) body(int(0));
  else writer.loop(int(0), int(blocks * lanes * floatBytes), lanes * floatBytes, body);
}

const neutral = ({ op }: Node): Expression =>
  constantVector(op === "sum" || op === "sumSites" ? 0 : Number.NEGATIVE_INFINITY);

function reduced(kernels: Kernels, node: Node, spot: Spot, sum: Expression): Expression {
  const value = operand(kernels, node.inputs[0] as Node, spot);
  const mask = inside(spot.place, spot.vector, spot.width);
  const counted = mask === null ? value : vector("select", mask, value, neutral(node));
  return vector(node.op === "sum" ? "add" : "max", sum, counted);
}

/** One fixed tree over the lanes; a single feature stands in all lanes and is its own sum. */
function across(node: Node, width: number, sum: Expression): Expression {
  return width === 1 ? sum : { kind: "acrossLanes", op: node.op === "sum" ? "add" : "max", value: sum };
}
