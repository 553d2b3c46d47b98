/** Deltas of every state and value at every step against central differences, in float64. */
import { expect, test } from "vitest";
import { outputOf, parameter, partsOf, scan } from "../../src/core/graph/build.ts";
import type { Node, NodeOf } from "../../src/core/graph/nodes.ts";
import { add } from "../../src/core/graph/operators.ts";
import { rewrite } from "../../src/core/graph/rewrite.ts";
import { resultsOf, topological, withResults } from "../../src/core/graph/walk.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { gradientsAt, type Place, placeOf, type Shown, shownIn } from "../../src/nn/insight/view.ts";
import { compareGradients } from "../gradients/check.ts";
import { type Prepared, prepared } from "./float64.ts";
import { lookedInto, names } from "./models.ts";

/** `root` with a sequence of numbers, the probe, added to the value of a place. */
function probed(root: Node, { node, inside }: Place): { readonly root: Node; readonly probe: Node } {
  const probe = parameter("probe", (inside ?? node).shape);
  if (inside === null)
    return { root: rewrite([root], (one) => (one === node ? add(one, probe) : one))[0] as Node, probe };
  const [loop] = inside.inputs as readonly [NodeOf<"scan">];
  const parts = partsOf(loop);
  const { body } = parts;
  const value = body.stacked[inside.attributes.result.index] as Node;
  const slice = parameter("slice", value.shape);
  const results = rewrite(resultsOf(body), (one) => (one === value ? add(one, slice) : one));
  const next = withResults({ ...body, sequences: [...body.sequences, slice] }, results);
  const again = scan({ ...parts, sequences: [...parts.sequences, probe], body: next });
  const replaced = rewrite([root], (one) =>
    one.op === "output" && one.inputs[0] === loop
      ? outputOf(again, one.attributes.result.kind, one.attributes.result.index)
      : one,
  );
  return { root: replaced[0] as Node, probe };
}

function zerosFor({ dims }: Prepared, node: Node): HostValue {
  const shape = node.shape.map((dim) => (typeof dim === "number" ? dim : (dims[dim] ?? 0)));
  return { shape, data: new Float64Array(shape.reduce((product, size) => product * size, 1)) };
}

function checkDelta(
  one: Prepared,
  { group, node }: Shown,
  planted = (gradient: Node): Node => gradient,
): void {
  const place = { ...placeOf(group, node), turned: null };
  const { root, probe } = probed(one.loss, place);
  const { roots, gradientAt } = gradientsAt([one.loss], [place]);
  const given = new Map(one.given).set(probe, zerosFor(one, probe));
  const gradient = gradientAt[0] ? planted(gradientAt[0]) : null;
  const wrt = [probe];
  // A softmax with its cross-entropy reads what goes into it: nothing depends on the prediction then.
  if (!topological([root]).includes(probe)) return expect(gradient).toBe(null);
  compareGradients({
    loss: root,
    again: roots[0] as Node,
    gradients: [gradient],
    wrt,
    given,
    dims: one.dims,
  });
}

function checkDeltas(name: string, reduction: "mean" | "sum"): void {
  const one = prepared(lookedInto(name, reduction));
  const shown = shownIn(one.view.traced);
  expect(shown.length).toBeGreaterThan(1);
  for (const value of shown) checkDelta(one, value);
}

test.each(names)("every delta is the slope of the loss: %s", (name) => {
  checkDeltas(name, "mean");
});
test("summed over time the deltas are those of that loss", () => {
  checkDeltas("simpleRNN", "sum");
});

test("a delta that leaves out what later steps make of a value is noticed", () => {
  const one = prepared(lookedInto("gru"));
  const h = shownIn(one.view.traced).find(({ name }) => name === "h") as Shown;
  const { gradientAt } = gradientsAt([one.loss], [{ node: h.node, inside: null, turned: null }]);
  expect(() => checkDelta(one, h, () => gradientAt[0] as Node)).toThrow(/central differences/);
  checkDelta(one, h);
});

test("the loss is the same number with and without deltas", () => {
  const { loss, view, given, dims } = prepared(lookedInto("deep"));
  const { roots } = gradientsAt(
    [loss],
    view.shown.map(({ group, node }) => placeOf(group, node)),
  );
  expect(evaluate(roots, given, dims)).toEqual(evaluate([loss], given, dims));
});
