/** The unfolded graph: its nodes, its edges with the weights they share, and its Mermaid text. */

import {
  add,
  bidirectional,
  dense,
  embedding,
  functional,
  gru,
  input,
  lstm,
  type Model,
  repeatVector,
  type Signal,
  sequential,
  simpleRNN,
  type UnfoldedGraph,
  unfold,
} from "unroll-rnn";
import { describe, expect, test } from "vitest";
import { lookedInto, names } from "./models.ts";

const edgesOf = ({ edges }: Pick<UnfoldedGraph, "edges">): string[] =>
  edges.map(({ from, to, label }) => `${from} ${label === null ? "->" : `-${label}->`} ${to}`);

describe("in the letters of the lectures", () => {
  test("many to many", () => {
    const graph = unfold(
      sequential(
        input({ shape: [null, 2] }),
        simpleRNN({ units: 3, returnSequences: true }),
        dense({ units: 1 }),
      ),
      { steps: 3 },
    );
    expect(graph.nodes.map(({ id }) => id).sort()).toEqual(
      ["x", "h", "o", "L", "y"].flatMap((letter) => [1, 2, 3].map((t) => `${letter}_${t}`)).sort(),
    );
    expect(edgesOf(graph).sort()).toEqual(
      [
        ...[1, 2, 3].flatMap((t) => [
          `x_${t} -U-> h_${t}`,
          `h_${t} -V-> o_${t}`,
          `o_${t} -> L_${t}`,
          `y_${t} -> L_${t}`,
        ]),
        "h_1 -W-> h_2",
        "h_2 -W-> h_3",
      ].sort(),
    );
    expect(graph.edges.find(({ label }) => label === "W")).toMatchObject({
      kind: "recurrent",
      weights: ["simpleRNN_1/recurrentKernel"],
    });
    expect(graph.nodes.find(({ id }) => id === "o_2")).toMatchObject({
      kind: "output",
      name: "dense_1",
      step: 2,
      label: "o_2",
    });
  });

  test("many to one: the output stands behind the last step", () => {
    const graph = unfold(sequential(input({ shape: [null, 2] }), lstm({ units: 3 }), dense({ units: 1 })), {
      steps: 2,
    });
    expect(edgesOf(graph)).toEqual([
      "x_1 -U-> h_1",
      "x_2 -U-> h_2",
      "h_1 -W-> h_2",
      "h_2 -V-> o_2",
      "o_2 -> L_2",
      "y_2 -> L_2",
    ]);
  });

  test("a first state that is learned is there", () => {
    const graph = unfold(
      sequential(
        input({ shape: [null, 2] }),
        gru({ units: 3, initialState: "learned" }),
        dense({ units: 1 }),
      ),
      { steps: 2 },
    );
    expect(edgesOf(graph)).toContain("h_0 -W-> h_1");
  });
});

describe("in the names of the layers", () => {
  test("one recurrent layer, where they are asked for", () => {
    const model = sequential(input({ shape: [null, 2] }), simpleRNN({ units: 3 }), dense({ units: 1 }));
    expect(edgesOf(unfold(model, { steps: 2, names: "layers" }))).toEqual([
      "input@1 -simpleRNN_1/kernel-> simpleRNN_1@1",
      "input@2 -simpleRNN_1/kernel-> simpleRNN_1@2",
      "simpleRNN_1@1 -simpleRNN_1/recurrentKernel-> simpleRNN_1@2",
      "simpleRNN_1@2 -dense_1/kernel-> dense_1",
      "dense_1 -> loss",
      "target -> loss",
    ]);
  });

  test("deep, with an embedding", () => {
    const model = sequential(
      input({ shape: [null], dtype: "int32" }),
      embedding({ inputDim: 5, outputDim: 2 }),
      lstm({ units: 3, returnSequences: true }),
      gru({ units: 2 }),
      dense({ units: 1 }),
    );
    const edges = edgesOf(unfold(model, { steps: 2 }));
    expect(edges).toContain("input@1 -embedding_1/embeddings-> embedding_1@1");
    expect(edges).toContain("lstm_1@2 -gru_1/kernel-> gru_1@2");
    expect(edges.filter((edge) => edge.includes("gru_1/recurrentKernel"))).toEqual([
      "gru_1@1 -gru_1/recurrentKernel-> gru_1@2",
    ]);
  });

  test("backwards and bidirectional: the arrows of time are turned, the outputs stand at the steps they read", () => {
    const backwards = sequential(
      input({ shape: [null, 2] }),
      simpleRNN({ units: 3, goBackwards: true }),
      dense({ units: 1 }),
    );
    expect(edgesOf(unfold(backwards, { steps: 2 }))).toEqual(
      expect.arrayContaining([
        "simpleRNN_1@2 -simpleRNN_1/recurrentKernel-> simpleRNN_1@1",
        "simpleRNN_1@1 -dense_1/kernel-> dense_1",
      ]),
    );
    const both = sequential(
      input({ shape: [null, 2] }),
      bidirectional(gru({ units: 3, returnSequences: true })),
      dense({ units: 1 }),
    );
    expect(edgesOf(unfold(both, { steps: 2 }))).toEqual(
      expect.arrayContaining([
        "bidirectional_1 forward@1 -bidirectional_1/forward/recurrentKernel-> bidirectional_1 forward@2",
        "bidirectional_1 backward@2 -bidirectional_1/backward/recurrentKernel-> bidirectional_1 backward@1",
        "bidirectional_1 forward@1 -> bidirectional_1 concat@1",
        "bidirectional_1 backward@1 -> bidirectional_1 concat@1",
        "bidirectional_1 concat@2 -dense_1/kernel-> dense_1@2",
      ]),
    );
  });

  test("a skip connection, a shared layer, a state given to another layer, and one to many", () => {
    const x = input({ shape: [null, 3] });
    const twice = gru({ units: 3, returnSequences: true });
    const h = add(twice(twice(x)), x);
    const { output, h: last } = simpleRNN({ units: 3, returnState: true })(h);
    const again = simpleRNN({ units: 3, returnSequences: true, name: "decoder" })(
      repeatVector({ n: 4 })(output),
      { initialState: { h: last } },
    );
    const edges = edgesOf(
      unfold(functional({ inputs: x, outputs: dense({ units: 1 })(again) }), { steps: 2 }),
    );
    expect(edges).toEqual(
      expect.arrayContaining([
        "gru_1@1 -gru_1/kernel-> gru_1#2@1",
        "gru_1#2@1 -gru_1/recurrentKernel-> gru_1#2@2",
        "gru_1#2@2 -> add@2",
        "input_1@2 -> add@2",
        "simpleRNN_1@2 -decoder/recurrentKernel-> decoder@1",
        "simpleRNN_1@2 -> repeatVector_1@4",
        "decoder@3 -decoder/recurrentKernel-> decoder@4",
        "decoder@4 -dense_1/kernel-> dense_1@4",
      ]),
    );
  });
});

/** The grammar of what is written: a flow chart of boxes with nodes, and arrows between nodes that are there. */
function checkMermaid(text: string): void {
  const [head, ...lines] = text.trimEnd().split("\n");
  expect(head).toBe("flowchart LR");
  const known = new Set<string>();
  let open = 0;
  for (const line of lines) {
    const quoted = '"(?:[^"#]|#35;|#quot;)+"';
    const node = new RegExp(
      `^ +(n\\d+)(?:\\[${quoted}\\]|\\(\\[${quoted}\\]\\)|\\(${quoted}\\)|\\{\\{${quoted}\\}\\})$`,
    ).exec(line);
    const edge = new RegExp(`^ +(n\\d+) -->(?:\\|${quoted}\\|)? (n\\d+)$`).exec(line);
    if (node) known.add(node[1] as string);
    else if (edge) expect([known.has(edge[1] as string), known.has(edge[2] as string)]).toEqual([true, true]);
    else if (/^ {2}subgraph t\d+ \["t = \d+"\]$/.test(line)) open++;
    else if (line === "  end") open--;
    else throw new Error(`not a line of a flow chart: ${line}`);
  }
  expect(open).toBe(0);
}

test.each(names)(
  "every edge joins two nodes, all of them different, and the Mermaid text is well formed: %s",
  (name) => {
    const { model } = lookedInto(name);
    const graph = unfold(model as Model<Signal, Signal>, { steps: 3 });
    const ids = graph.nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { from, to } of graph.edges)
      expect([ids.includes(from), ids.includes(to)]).toEqual([true, true]);
    // Every weight that is a matrix stands at an edge, and every node is at the end of one.
    const drawn = new Set(graph.edges.flatMap(({ weights }) => weights));
    const matrices = model.weights.filter(
      ({ name: weight, shape }) => shape.length > 1 && !/bias/.test(weight),
    );
    expect(matrices.map(({ name: weight }) => weight).filter((weight) => !drawn.has(weight))).toEqual([]);
    const touched = new Set(graph.edges.flatMap(({ from, to }) => [from, to]));
    expect(ids.filter((id) => !touched.has(id))).toEqual([]);
    checkMermaid(graph.toMermaid());
  },
);

test("what cannot be is refused", () => {
  const model = sequential(input({ shape: [null, 2] }), simpleRNN({ units: 3, name: "a-b" }));
  expect(() => unfold(model, { steps: 0 })).toThrow(/steps/);
  expect(() => unfold(model, { names: "lecture" })).toThrow(/one recurrent layer/);
  checkMermaid(unfold(model, { steps: 2 }).toMermaid());
});
