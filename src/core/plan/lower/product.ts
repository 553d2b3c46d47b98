/**
 * A stage with products: for each block of features, for each tile of rows: accumulators begun with the start of
 * each product, the products in written order with k ascending, then the epilogue while all is in registers.
 */
import { invariant } from "../../../errors.ts";
import type { Node, NodeOf } from "../../graph/nodes.ts";
import { widthOf } from "../../graph/shapes.ts";
import { type Stage, through } from "../fuse.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Tiles } from "../target.ts";
import { floatBytes, Place } from "./addresses.ts";
import { type Ahead, askAhead, lookAhead } from "./ahead.ts";
import { evaluate, operand, type Spot } from "./elementwise.ts";
import { int, load, local, minus, plus, splat, times, vector, Writer } from "./ir.ts";
import {
  blocksOf,
  type Domain,
  type Kernels,
  leftSide,
  overRows,
  overSteps,
  type Panel,
  parametersOf,
  rowCount,
  storeAt,
} from "./kernels.ts";

/** Products of one round that share their left side: one loop over k. */
interface Group {
  readonly left: Node;
  readonly products: readonly NodeOf<"affine">[];
}

export function lowerProduct(kernels: Kernels, stage: Stage, domain: Domain, name: string): ProgramFunction {
  const writer = new Writer();
  const groups = groupsOf(stage, kernels);
  const most = Math.max(...groups.map(({ products }) => products.length));
  const blocks = blocksOf(stage.width, kernels.lanes);
  const vectors = vectorsFor(kernels.tiles, most, blocks);
  const whole = blocks - (blocks % vectors);
  lowerBlocks({ kernels, stage, domain, groups, writer, vectors, from: 0, to: whole, most });
  if (whole < blocks)
    lowerBlocks({
      kernels,
      stage,
      domain,
      groups,
      writer,
      vectors: blocks - whole,
      from: whole,
      to: blocks,
      most,
    });
  return writer.finish(name, parametersOf[domain.steps]);
}

/** Vectors of features a tile: of those that the target names the first that divides the blocks. */
function vectorsFor({ productVectors }: Tiles, products: number, blocks: number): number {
  const choices = entry(productVectors, products);
  return choices.find((count) => blocks % count === 0) ?? Math.min(choices[0] ?? 1, blocks);
}

/** The last entry stands for all behind it. */
const entry = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)] as T;

interface Blocks {
  readonly kernels: Kernels;
  readonly stage: Stage;
  readonly domain: Domain;
  readonly groups: readonly Group[];
  readonly writer: Writer;
  readonly vectors: number;
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

function lowerBlocks(blocks: Blocks): void {
  const { kernels, domain, groups, writer, vectors, from, to, most } = blocks;
  const { lanes } = kernels;
  const blockBytes = vectors * lanes * floatBytes;
  const panels = groups.map((group) => panelFor(blocks, group));
  const tiles = entry(kernels.tiles.productRows, most * vectors);
  writer.loop(int(from * lanes * floatBytes), int(to * lanes * floatBytes), blockBytes, (feature) => {
    const starts = groups.map((group, k) => {
      const perFeature = widthOf(group.left) * group.products.length;
      const panel = kernels.frame.read(writer, (panels[k] as Panel).key);
      return writer.set(
        plus(panel, times(minus(feature, int(from * lanes * floatBytes)), int(perFeature))),
        "int",
      );
    });
    overSteps(writer, domain, (step) => {
      const count = rowCount(kernels, writer, domain, step);
      if (domain.sites === 1)
        return overRows(writer, { from: int(0), until: count }, tiles, (row, rows) =>
          lowerTile(blocks, { step, row, site: int(0), feature, rows, starts }),
        );
      writer.loop(int(0), count, 1, (row) =>
        overRows(writer, { from: int(0), until: int(domain.sites) }, tiles, (site, rows) =>
          lowerTile(blocks, { step, row, site, feature, rows, starts }),
        ),
      );
    });
  });
}

function panelFor({ kernels, vectors, from, to, stage }: Blocks, { left, products }: Group): Panel {
  const views = products.map((product) => {
    const view = kernels.weight(kernels.values.behind(product.inputs[2]));
    invariant(view !== null, "plan: the right side of a product is a weight");
    return view;
  });
  invariant(
    views.every(({ rows }) => rows === widthOf(left)),
    "lower: the sides of a product fit",
  );
  const columns = Math.min(stage.width, to * kernels.lanes) - from * kernels.lanes;
  const panel = { views, vectors, start: from * kernels.lanes, columns };
  const known = kernels.panels.find((other) => samePanel(other, panel));
  if (known !== undefined) return known;
  const made = { ...panel, key: `panel_${kernels.panels.length}` };
  kernels.panels.push(made);
  return made;
}

const samePanel = (a: Omit<Panel, "key">, b: Omit<Panel, "key">): boolean =>
  a.vectors === b.vectors &&
  a.start === b.start &&
  a.columns === b.columns &&
  a.views.length === b.views.length &&
  a.views.every((view, k) => {
    const other = b.views[k];
    return (
      other !== undefined &&
      (Object.keys(view) as (keyof typeof view)[]).every((key) => view[key] === other[key])
    );
  });

interface Tile {
  readonly step: Expression | null;
  readonly row: Expression;
  readonly site: Expression;
  readonly feature: Expression;
  /** Of the tile: rows, or sites of a row. */
  readonly rows: number;
  readonly starts: readonly Expression[];
}

function lowerTile(
  { kernels, stage, domain, groups, writer, vectors }: Blocks,
  { step, row, site, feature, rows, starts }: Tile,
): void {
  const { rows: all, sites } = domain;
  const place = new Place(writer, kernels.frame, kernels.lanes, {
    rows: all,
    sites,
    step,
    row,
    site,
    feature,
  });
  const spots: Spot[] = [];
  for (let r = 0; r < rows; r++)
    for (let v = 0; v < vectors; v++)
      spots.push({ place, row: r, vector: v, width: stage.width, made: new Map() });
  const ahead = lookAhead({ kernels, stage, domain }, place, { rows, vectors });
  groups.forEach(({ left, products }, g) => {
    const accumulators = products.map((product) =>
      spots.map((spot) => {
        const name = writer.name("acc");
        evaluate(kernels, startNodes(product, stage, kernels), spot);
        writer.assign(name, operand(kernels, product.inputs[0], spot), "vector");
        return name;
      }),
    );
    multiply(place, kernels, left, { rows, vectors, start: starts[g] as Expression, accumulators, ahead });
    products.forEach((product, p) => {
      spots.forEach((spot, s) => spot.made.set(product, local(accumulators[p]?.[s] ?? "", "vector")));
    });
  });
  for (const spot of spots) {
    evaluate(kernels, stage.members, spot);
    for (const node of stage.members) {
      const slot = kernels.slotOf(node);
      if (slot !== null) storeAt(place, slot, spot.row, spot.vector, spot.made.get(node) as Expression);
    }
  }
}

interface Accumulation {
  readonly rows: number;
  readonly vectors: number;
  /** The address of the panel's block. */
  readonly start: Expression;
  /** Names, by product and spot. */
  readonly accumulators: readonly (readonly string[])[];
  readonly ahead: Ahead;
}

/** acc += a[row][k] * panel[k], k ascending: the innermost loop of everything. */
function multiply(
  place: Place,
  kernels: Kernels,
  left: Node,
  { rows, vectors, start, accumulators, ahead }: Accumulation,
): void {
  const { writer, lanes } = place;
  const { slot, column } = leftSide(kernels, left);
  const stride = place.tileStride(slot) * floatBytes;
  const first = plus(place.pointer(slot, true), int(column * floatBytes));
  const begin = writer.set(first, "int");
  const panel = writer.name("panel");
  writer.assign(panel, start, "int");
  const vectorBytes = lanes * floatBytes;
  const products = accumulators.length;
  writer.loop(begin, plus(begin, int(widthOf(left) * floatBytes)), floatBytes, (address) => {
    const weights = Array.from({ length: products * vectors }, (_, k) =>
      writer.set(load(local(panel), k * vectorBytes), "vector"),
    );
    for (let r = 0; r < rows; r++) {
      const a = writer.set(splat(address, r * stride), "vector");
      accumulators.forEach((names, p) => {
        for (let v = 0; v < vectors; v++) {
          const name = names[r * vectors + v] as string;
          const weight = weights[p * vectors + v] as Expression;
          writer.assign(name, vector("multiplyAdd", a, weight, local(name, "vector")), "vector");
        }
      });
    }
    askAhead(writer, ahead);
    writer.assign(panel, plus(local(panel), int(products * vectors * vectorBytes)), "int");
  });
}

/** Members that the start of a product needs, and that need no product themselves. */
function startNodes(product: NodeOf<"affine">, stage: Stage, kernels: Kernels): readonly Node[] {
  const needed = new Set<Node>();
  const visit = (node: Node): void => {
    if (!stage.members.includes(node) || needed.has(node) || node.op === "affine") return;
    for (const input of node.inputs) visit(through(input, kernels.values));
    needed.add(node);
  };
  visit(through(product.inputs[0], kernels.values));
  return [...needed];
}

/** Products by rounds: one that begins with another's result comes in a later round; then by left side. */
function groupsOf({ members }: Stage, kernels: Kernels): readonly Group[] {
  const rounds = new Map<Node, number>();
  const groups: { round: number; left: Node; products: NodeOf<"affine">[] }[] = [];
  for (const node of members) {
    if (node.op !== "affine") continue;
    const round = (rounds.get(through(node.inputs[0], kernels.values)) ?? -1) + 1;
    rounds.set(node, round);
    const left = kernels.values.behind(node.inputs[1]);
    const group = groups.find((other) => other.round === round && other.left === left);
    if (group === undefined) groups.push({ round, left, products: [node] });
    else group.products.push(node);
  }
  return groups.sort((a, b) => a.round - b.round);
}
