import { describe, expect, test } from "vitest";
import { training } from "../../../test/conformance/cells.ts";
import { differentiate } from "../grad/gradients.ts";
import { outputOf, parameter, scan, zeros } from "../graph/build.ts";
import type { Computation } from "../graph/computation.ts";
import { type Node, type NodeOf, rows } from "../graph/nodes.ts";
import { add, matmul, sum, sumLeading, tanh } from "../graph/operators.ts";
import { bufferBytes, type Extent, segmentSteps } from "./allocate.ts";
import type { Plan } from "./described.ts";
import { plan } from "./plan.ts";
import { wasmTarget } from "./target.ts";

const network = { cell: "lstm", features: 3, units: 8, classes: 2 } as const;
const lstm = plan(training(network), wasmTarget);

/** Layers of h' = tanh(x W + h R), a loss at the last step. */
function simple(layers: number): Computation {
  const x = parameter("x", ["time", rows, 4]);
  const lengths = parameter("lengths", [rows], "int32");
  const weights: NodeOf<"parameter">[] = [];
  let sequence: Node = x;
  let last: Node = x;
  for (let k = 0; k < layers; k++) {
    const [slice, h] = [parameter("slice", [rows, 4]), parameter("h", [rows, 4])];
    const [W, R] = [parameter(`W${k}`, [4, 4]), parameter(`R${k}`, [4, 4])];
    const next = tanh(add(matmul(slice, W), matmul(h, R)));
    const body = { carried: [h], sequences: [slice], next: [next], stacked: [next], summed: [] };
    const initial = [zeros([rows, 4])];
    const made = scan({ lengths, initial, sequences: [sequence], body, time: "time", reverse: false });
    weights.push(W, R);
    [sequence, last] = [outputOf(made, "stacked", 0), outputOf(made, "final", 0)];
  }
  const { roots, gradients } = differentiate({ roots: [sumLeading(sum(last), 1)], wrt: weights });
  return { inputs: [x], weights, lengths: { time: lengths }, outputs: roots, gradients };
}

describe("values are kept in segments", () => {
  test("when only the loop that reverses theirs reads them", () => {
    const { replays, stores } = plan(simple(1), wasmTarget);
    expect(replays).toHaveLength(1);
    const [{ loop, reader, saved }] = replays as [Plan["replays"][number]];
    expect([loop.reverse, reader.reverse]).toEqual([false, true]);
    expect(saved.map(({ state, copies }) => [state.storage, copies.storage])).toEqual([
      ["segment", "checkpoint"],
    ]);
    expect(stores.buffers.filter(({ storage }) => storage === "full")).toEqual([]);
  });
  test("not when another loop reads them too", () => {
    const { replays, stores, staged } = plan(simple(2), wasmTarget);
    const [first, second] = staged.flatMap(({ section }) => (section.kind === "loop" ? [section] : []));
    expect(replays.map(({ loop }) => loop === second && loop !== first)).toEqual([true]);
    expect(stores.buffers.filter(({ storage }) => storage === "segment")).toHaveLength(1);
  });
  test("not when nothing reads them", () => {
    const forward = plan({ ...simple(2), gradients: [] }, wasmTarget);
    expect(forward.replays).toEqual([]);
    expect(forward.stores.buffers.map(({ storage }) => storage)).not.toContain("segment");
  });
});

test("what sums is not run again, what makes the values is", () => {
  const [{ phases }] = lstm.replays as [Plan["replays"][number]];
  const kinds = [...phases.before, ...phases.step, ...phases.after].map(({ kind }) => kind);
  expect(kinds).not.toContain("accumulate");
  expect([phases.before.length, phases.step.length]).toEqual([1, 1]);
});

test("copies, and what is run again, are needed until the reader ends", () => {
  const [{ saved, phases, reader }] = lstm.replays as [Plan["replays"][number]];
  const end = lstm.staged.findIndex(({ section }) => section === reader);
  const made = phases.before.flatMap(({ members }) =>
    members.flatMap((node) => lstm.stores.slotOf.get(node) ?? []),
  );
  const buffers = [
    ...saved.flatMap(({ state, copies }) => [state, copies]),
    ...made.map(({ buffer }) => buffer),
  ];
  for (const buffer of buffers) expect(lstm.segmentLives.get(buffer)?.last).toBeGreaterThanOrEqual(end);
  expect(made.every(({ buffer }) => (lstm.lives.get(buffer)?.last ?? 0) < end)).toBe(true);
});

describe("the length of a segment", () => {
  const extent = (steps: number, chunk = 12): Extent => ({
    rows: 16,
    times: { time: steps },
    chunk,
    segment: null,
  });
  const bytes = (of: Extent): number =>
    lstm.buffers.reduce((all, buffer) => all + bufferBytes(buffer, of), 0);
  test.each([1, 5, 12])("is a whole number of chunks of %i", (chunk) => {
    for (const steps of [1, 13, 100, 5000]) expect(segmentSteps(lstm, extent(steps, chunk)) % chunk).toBe(0);
  });
  test("takes less memory than any other", () => {
    const best = segmentSteps(lstm, extent(10_000));
    for (const segment of [12, 24, 60, 120, 252, 504, 1020])
      expect(bytes({ ...extent(10_000), segment })).toBeGreaterThanOrEqual(
        bytes({ ...extent(10_000), segment: best }),
      );
    expect(best).toBe(60);
  });
  test("makes the memory of the loops grow as the root of the steps", () => {
    const grown = (steps: number): number =>
      lstm.stores.buffers.reduce((all, buffer) => {
        const of = extent(steps);
        return (
          all +
          (buffer.storage === "full" ? 0 : bufferBytes(buffer, { ...of, segment: segmentSteps(lstm, of) }))
        );
      }, 0);
    expect(grown(64_000) / grown(4000)).toBeLessThan(4.5);
  });
});
