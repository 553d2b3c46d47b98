/**
 * A chunk of a reverse loop into which only zeros come is skipped, products and all: once the deltas of a sequence have
 * vanished, the rest of it costs nothing.
 */
import type { Node } from "../../graph/nodes.ts";
import { topological } from "../../graph/walk.ts";
import type { Loop } from "../place.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import { isZero } from "../simplify.ts";
import type { Buffer, Slot, Stores } from "../store.ts";
import type { Carry, Values } from "../values.ts";
import { floatBytes, stepAddress, stepBytes } from "./addresses.ts";
import { type Frame, lengthsKey, rowsKey } from "./frame.ts";
import {
  int,
  integers,
  less,
  load,
  loadInt,
  local,
  minimum,
  minus,
  plus,
  splat,
  times,
  Writer,
} from "./ir.ts";
import { blocksOf, type Kernels, overSites } from "./kernels.ts";

/** Entry of the frame that says whether the chunk at hand has anything to do. */
const aliveKey = "alive";

/** Is everything that the loop hands on zero when the states it begins a chunk with are? */
export function mayVanish(loop: Loop, values: Values, stores: Stores): boolean {
  if (loop.scan === null || !loop.reverse) return false;
  const carries = values.carries.filter(({ scan }) => scan === loop.scan);
  const zero = new Set<Node>(carries.map(({ state }) => state));
  const own = new Set<Node>([...loop.step, ...loop.after]);
  for (const node of topological([...carries.map(({ next }) => next), ...own])) {
    if (!zero.has(node) && vanishes(node, (input) => zero.has(values.behind(input)) || isZero(input)))
      zero.add(node);
  }
  const handedOn = loop.step.filter((node) => stores.slotOf.get(node)?.buffer.storage === "full");
  return [...carries.map(({ next }) => next), ...handedOn, ...loop.after].every(
    (node) => zero.has(node) || isZero(node),
  );
}

function vanishes(node: Node, zero: (input: Node) => boolean): boolean {
  switch (node.op) {
    case "mul":
    case "contract":
      return node.inputs.some(zero);
    case "affine":
      return zero(node.inputs[0]) && zero(node.inputs[1]);
    case "where":
      return zero(node.inputs[1]) && zero(node.inputs[2]);
    case "div":
      return zero(node.inputs[0]);
    case "add":
    case "sub":
    case "neg":
    case "vanish":
    case "sumLeading":
    case "sumSites":
    case "joinSites":
    case "overlapAdd":
    case "sum":
    case "slice":
    case "concat":
    case "reshape":
    case "broadcast":
    case "pad":
      return node.inputs.every(zero);
    default:
      return false;
  }
}

/** Whether the flag says that the chunk must run; `lowerAlive` has set it. */
export const isAlive = (frame: Frame): Expression => loadInt(local("frame"), 4 * frame.slot(aliveKey));

/** `name(frame, from, to)`: sets the flag; where it is 0, puts zeros where the chunk would have. */
export function lowerAlive(kernels: Kernels, loop: Loop, stores: Stores, name: string): ProgramFunction {
  const writer = new Writer();
  const { frame } = kernels;
  const slots = kernels.values.carries
    .filter(({ scan }) => scan === loop.scan)
    .map((carry) => stores.carrySlot.get(carry as Carry) as Slot);
  writer.assign("any", { kind: "integer", value: 0 }, "integers");
  overRows(kernels, writer, loop, (row, steps) => {
    const step = writer.set(minimum(steps, local("to")), "int");
    for (const slot of slots) {
      const address = writer.set(
        plus(
          stepAddress(writer, frame, slot.buffer, 0, step),
          times(row, int(slot.buffer.stride * floatBytes)),
        ),
        "int",
      );
      overSites(writer, slot.sites, (site) => {
        const from = writer.set(plus(address, times(site, int(slot.siteStride * floatBytes))), "int");
        for (const value of vectorsOf(slot, from, kernels.lanes))
          writer.assign("any", integers("or", local("any", "integers"), integers("bits", value)), "integers");
      });
    }
  });
  const flag = writer.set({ kind: "anyTrue", value: local("any", "integers") }, "int");
  writer.push({ kind: "storeInt", address: local("frame"), offset: 4 * frame.slot(aliveKey), value: flag });
  writer.when({ kind: "intOperation", op: "equal", inputs: [flag, int(0)] }, () =>
    putZeros(kernels, writer, loop, slots, stores),
  );
  return writer.finish(name, ["frame", "from", "to"]);
}

/** Rows that take part in the chunk, and their steps. */
function overRows(
  kernels: Kernels,
  writer: Writer,
  loop: Loop,
  body: (row: Expression, steps: Expression) => void,
): void {
  writer.loop(int(0), kernels.frame.read(writer, rowsKey), 1, (row) => {
    const lengths = kernels.frame.read(writer, lengthsKey(loop.time));
    const steps = writer.set(loadInt(plus(lengths, times(row, int(floatBytes)))), "int");
    writer.when(less(local("from"), steps), () => body(row, steps));
  });
}

function vectorsOf({ column, width }: Slot, address: Expression, lanes: number): readonly Expression[] {
  if (width === 1) return [splat(address, column * floatBytes)];
  return Array.from({ length: blocksOf(width, lanes) }, (_, k) =>
    load(address, (column + k * lanes) * floatBytes),
  );
}

/** The states before the chunk, and every step of what other loops read. */
function putZeros(
  kernels: Kernels,
  writer: Writer,
  loop: Loop,
  slots: readonly Slot[],
  stores: Stores,
): void {
  const { frame, lanes } = kernels;
  overRows(kernels, writer, loop, (row) => {
    for (const { buffer, column, width, sites, siteStride } of slots) {
      const address = writer.set(
        plus(
          stepAddress(writer, frame, buffer, 0, local("from")),
          times(row, int(buffer.stride * floatBytes)),
        ),
        "int",
      );
      const site = width === 1 ? 1 : blocksOf(width, lanes) * lanes;
      const bytes = ((sites - 1) * siteStride + site) * floatBytes;
      writer.push({ kind: "fill", address: plus(address, int(column * floatBytes)), bytes: int(bytes) });
    }
  });
  const full = new Set<Buffer>();
  for (const node of [...loop.step, ...loop.after]) {
    const buffer = stores.slotOf.get(node)?.buffer;
    if (buffer?.storage === "full") full.add(buffer);
  }
  for (const buffer of full) {
    const bytes = times(minus(local("to"), local("from")), stepBytes(writer, frame, buffer));
    writer.push({ kind: "fill", address: stepAddress(writer, frame, buffer, 0, local("from")), bytes });
  }
}
