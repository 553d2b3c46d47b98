/**
 * Fuse: the nodes of a phase become stages, each one pass over rows and features.
 *
 *   before   a = affine(P_t, h, R);  i = sigmoid(a_i);  ...;  c' = f c + i g;  h' = o tanh(c')
 *   after    product  h x R (4 accumulators a tile), begun with P_t, epilogue i f g o c' h' in registers
 *
 * A value stays in a register when its user has the same width and stands in the same stage; what a product reads on
 * its left, what a reduction makes and what another phase wants goes through memory.
 */
import type { Node } from "../graph/nodes.ts";
import { sitesOf, widthOf } from "../graph/shapes.ts";
import { kindOf, readsOtherSteps } from "./kinds.ts";
import { hasRows, type Values } from "./values.ts";

/**
 * - map: rows outside, features inside; may end in reductions;
 * - product: blocks of features outside, tiles of rows inside;
 * - accumulate: sums over time and rows into memory that holds the sums so far;
 * - copy: a concat, or another movement, part by part.
 */
export interface Stage {
  readonly kind: "map" | "product" | "accumulate" | "copy";
  readonly width: number;
  /** Rows of the batch, or a fixed number (of a weight's rows). */
  readonly rows: "rows" | number;
  /** Sites of each row. */
  readonly sites: number;
  /** In an order in which they can be computed. */
  readonly members: readonly Node[];
}

/** Accumulators that fit in the registers with one row of a tile. */
const mostProducts = 6;

export function fuse(nodes: readonly Node[], values: Values): readonly Stage[] {
  const products = new Map<string, number>();
  const first = assign(nodes, values, new Set());
  for (const node of nodes) {
    const key = first.get(node)?.key;
    if (node.op === "affine" && key !== undefined) products.set(key, (products.get(key) ?? 0) + 1);
  }
  const crowded = nodes.filter(
    (node) => node.op === "affine" && (products.get(first.get(node)?.key ?? "") ?? 0) > mostProducts,
  );
  const places = crowded.length === 0 ? first : assign(nodes, values, new Set(crowded));
  const groups = new Map<string, { level: number; nodes: Node[] }>();
  for (const node of nodes) {
    const { key, level } = places.get(node) as Place;
    if (!groups.has(key)) groups.set(key, { level, nodes: [] });
    groups.get(key)?.nodes.push(node);
  }
  return [...groups.values()].sort((a, b) => a.level - b.level).map(({ nodes: members }) => stageOf(members));
}

function stageOf(members: readonly Node[]): Stage {
  const [node] = members as [Node];
  const reduction = members.find(({ op }) => kindOf[op] === "reduce");
  const kinds = new Set(members.map(({ op }) => kindOf[op]));
  const kind = kinds.has("product")
    ? "product"
    : kinds.has("accumulate")
      ? "accumulate"
      : kinds.has("move")
        ? "copy"
        : "map";
  const over = kind === "accumulate" ? (node.inputs.at(-1) as Node) : (reduction?.inputs[0] ?? node);
  return {
    kind,
    width: kind === "accumulate" ? widthOf(node) : widthOf(over),
    rows: rowsOf(over),
    sites: sitesOf(over),
    members,
  };
}

export const isOverSites = ({ op }: Node): boolean => op === "sumSites" || op === "maxSites";

function rowsOf({ shape }: Node): "rows" | number {
  if (hasRows(shape)) return "rows";
  return shape.slice(0, -1).reduce<number>((count, dim) => count * (typeof dim === "number" ? dim : 1), 1);
}

/** Over what a node is computed. */
const domainOf = (node: Node): string => `${rowsOf(node)} ${sitesOf(node)} ${widthOf(node)}`;
const sameDomain = (a: Node, b: Node): boolean =>
  widthOf(a) === widthOf(b) && rowsOf(a) === rowsOf(b) && sitesOf(a) === sitesOf(b);

interface Place {
  /** Half levels hold what has a product: it comes behind what has none. */
  readonly level: number;
  readonly key: string;
}

function assign(nodes: readonly Node[], values: Values, alone: ReadonlySet<Node>): ReadonlyMap<Node, Place> {
  const places = new Map<Node, Place>();
  const here = new Set(nodes);
  for (const node of nodes) places.set(node, placeOf(node, values, places, alone));
  for (const node of [...nodes].reverse())
    delay(
      node,
      nodes.filter((user) => user !== node && values.reads(user).includes(node) && here.has(user)),
    );
  return places;

  /** Elementwise work waits for the first stage that uses it, so that it stays in a register. */
  function delay(node: Node, users: readonly Node[]): void {
    if (kindOf[node.op] !== "elementwise" || users.length === 0 || isTainted(places.get(node))) return;
    const all = users.map((user) => ({ user, place: places.get(user) as Place }));
    const level = Math.min(...all.map(({ place }) => place.level));
    const first = all.filter(({ place }) => place.level === level);
    const [earliest] = first as [(typeof first)[number]];
    // Who of them reads it from memory, such as the left side of a product, needs it before.
    const together = first.every(
      ({ user, place }) => place.key === earliest.place.key && inRegister(node, user, values),
    );
    const joins = level > (places.get(node)?.level ?? 0) && together;
    if (joins && !alone.has(earliest.user)) places.set(node, earliest.place);
  }
}

const isTainted = (place: Place | undefined): boolean =>
  place !== undefined && !Number.isInteger(place.level);

function placeOf(
  node: Node,
  values: Values,
  places: ReadonlyMap<Node, Place>,
  alone: ReadonlySet<Node>,
): Place {
  let level = 0;
  for (const read of values.reads(node)) {
    const place = places.get(read);
    if (place === undefined) continue;
    const behind = Math.floor(place.level) + 1;
    level = Math.max(
      level,
      inRegister(read, node, values) && !alone.has(read) ? joined(read, node, place.level) : behind,
    );
  }
  const kind = kindOf[node.op];
  if (kind === "product") level = Math.floor(level) + 0.5;
  // Behind what makes the sites: their elementwise part is drawn in.
  if (isOverSites(node)) level = Math.floor(level) + 1;
  return { level, key: `${level} ${keyOf(node, values, alone)}` };
}

/** A product begins with values that have none, or goes on with the accumulator of another; a reduction wants none. */
function joined(read: Node, node: Node, level: number): number {
  const tainted = !Number.isInteger(level);
  const apart = tainted && (kindOf[node.op] === "reduce" || (node.op === "affine" && read.op !== "affine"));
  return apart ? Math.floor(level) + 1 : level;
}

function keyOf(node: Node, values: Values, alone: ReadonlySet<Node>): string {
  const kind = kindOf[node.op];
  if (kind === "accumulate" || kind === "move" || alone.has(node)) return `${kind} ${groupOf(node, values)}`;
  return `${isOverSites(node) ? "over sites of " : ""}${domainOf(kind === "reduce" ? (node.inputs[0] as Node) : node)}`;
}

/** Sums with the same left side and width share one pass; so do products that were taken out of a crowded stage. */
function groupOf(node: Node, values: Values): string {
  if (node.op === "contract")
    return `contract ${values.numberOf(values.behind(node.inputs[0]))} ${widthOf(node)}`;
  if (node.op === "sumLeading")
    return `sum ${node.attributes.count} ${widthOf(node)} ${rowsOf(node.inputs[0])} ${sitesOf(node.inputs[0])}`;
  return String(values.numberOf(node));
}

/** Can `user` take `read` from a register, when both are in one stage? */
export function inRegister(read: Node, user: Node, values: Values): boolean {
  const kind = kindOf[read.op];
  if (kind !== "elementwise" && kind !== "product") return false;
  const userKind = kindOf[user.op];
  if (userKind !== "elementwise" && userKind !== "product" && userKind !== "reduce") return false;
  if (user.op === "gather" || user.op === "sitesToTime" || readsOtherSteps.has(user.op)) return false;
  const inputs = user.op === "affine" ? [user.inputs[0]] : user.inputs;
  const elsewhere = user.op === "affine" ? user.inputs.slice(1) : [];
  const over = userKind === "reduce" ? (user.inputs[0] as Node) : user;
  const direct = inputs.every(
    (input) => through(input, values) === read || !readsOf(input, values).includes(read),
  );
  return (
    direct && sameDomain(read, over) && !elsewhere.some((input) => readsOf(input, values).includes(read))
  );
}

function readsOf(node: Node, values: Values): readonly Node[] {
  const behind = values.behind(node);
  return kindOf[behind.op] === "view" && behind.op !== "output"
    ? behind.inputs.flatMap((input) => readsOf(input, values))
    : [behind];
}

/** What stands behind views that change neither width nor rows. */
export function through(node: Node, values: Values): Node {
  const behind = values.behind(node);
  const same = (behind.op === "broadcast" || behind.op === "reshape") && sameDomain(behind, behind.inputs[0]);
  return same ? through(behind.inputs[0] as Node, values) : behind;
}
