/** Products of looked-up vectors: the planner makes tables of them, where it can. */
import { parameter, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { lengths, result } from "../gradients/steps.ts";
import { whole } from "./cases.ts";
import { type CellName, cells } from "./cells.ts";
import { ints, type Program, ragged, type Unfolded, unfold, v, w, x } from "./programs.ts";

export const vocabulary = 21;
const width = 5;

/** Tokens of every sequence of a ragged batch, the last of the vocabulary among them. */
const tokensFor = (seed: number, below = vocabulary): Int32Array => {
  const drawn = whole(5 * 6, seed, below);
  drawn[0] = below - 1;
  return drawn;
};
const words = (name = "tokens"): Parameter => ints(name, ["time", rows]);
const inputs = { tokens: tokensFor(1), others: tokensFor(2) };
const table = (tokens = vocabulary, name = "table"): Parameter => w(name, tokens, width);

/** A cell over a sequence, from zeros. A mask keeps the states where it is 0. */
export function layer(name: CellName, units: number, sequence: Node, mask: Node | null = null): Unfolded {
  const { weights, states, step } = cells[name](sequence.shape.at(-1) as number, units);
  const made = unfold({
    step: ([slice, kept], held) => {
      const before = held.slice(0, states);
      const next = step(slice, before).slice(0, states);
      if (mask === null) return { next };
      return { next: next.map((value, k) => o.where(kept, value, before[k] as Node)) };
    },
    initial: Array.from({ length: states }, () => zeros([rows, units])),
    sequences: mask === null ? [sequence] : [sequence, mask],
  });
  return { weights, sequence: result(made, "stacked"), final: result(made, "final") };
}

const below = (name: CellName, units: number) => (): Program => {
  const E = table();
  const made = layer(name, units, o.gather(E, words()));
  return { outputs: [made.sequence, made.final], weights: [E, ...made.weights], inputs };
};

export const tables: Readonly<Record<string, () => Program>> = {
  "tokens below a simple cell": below("simple", 9),
  "tokens below an LSTM": below("lstm", 7),
  "tokens below an LSTM of one unit": below("lstm", 1),
  "tokens below a GRU, reset before": below("gruBefore", 16),
  "tokens below a GRU, reset after": below("gruAfter", 3),
  "tokens below a dense layer": () => {
    const [E, D, b] = [table(), w("D", width, 19), w("b", 19)];
    const dense = o.add(o.matmul(o.gather(E, words()), D), b);
    return { outputs: [o.tanh(dense)], weights: [E, D, b], inputs };
  },
  "tokens below a dense layer of one unit, without bias": () => {
    const [E, D] = [table(), w("D", width, 1)];
    return { outputs: [o.matmul(o.gather(E, words()), D)], weights: [E, D], inputs };
  },
  "a token for each row": () => {
    const [E, D, b] = [table(), w("D", width, 6), w("b", 6)];
    const dense = o.add(o.matmul(o.gather(E, ints("token", [rows])), D), b);
    return { outputs: [dense], weights: [E, D, b], inputs: { token: Int32Array.of(20, 0, 3, 3, 7) } };
  },
  "one token alone": () => {
    const [E, D] = [table(1), w("D", width, 6)];
    const tokens = new Int32Array(30);
    return { outputs: [o.matmul(o.gather(E, words()), D)], weights: [E, D], inputs: { tokens } };
  },
  "a bias in two parts": () => {
    const [E, D, b, c] = [table(), w("D", width, 6), w("b", 6), w("c", 6)];
    const dense = o.add(o.matmul(o.gather(E, words()), D), o.add(b, c));
    return { outputs: [dense], weights: [E, D, b, c], inputs };
  },
  "tokens with padding that is passed over": () => {
    const [E, tokens] = [table(), words()];
    const real = o.sub(1, o.equal(o.toFloat(o.reshape(tokens, ["time", rows, 1])), 0));
    const made = layer("lstm", 6, o.gather(E, tokens), real);
    const padded = tokensFor(3).map((token, k) => (k % 4 === 1 ? 0 : token));
    const all = [E, ...made.weights];
    return { outputs: [made.sequence, made.final], weights: all, inputs: { tokens: padded } };
  },
  "tokens in both directions": () => {
    const E = table();
    const vectors = o.gather(E, words());
    const [there, back] = [layer("gruAfter", 5, vectors), layer("lstm", 4, o.reverse(vectors, lengths))];
    return {
      outputs: [o.concat(there.sequence, o.reverse(back.sequence, lengths)), back.final],
      weights: [E, ...there.weights, ...back.weights],
      inputs,
    };
  },
  "tokens turned twice and three times": () => {
    const E = table();
    const turned = o.reverse(o.gather(E, words()), lengths);
    const twice = o.reverse(turned, lengths);
    const [a, b] = [layer("simple", 4, twice), layer("lstm", 3, o.reverse(twice, lengths))];
    return { outputs: [a.sequence, b.final], weights: [E, ...a.weights, ...b.weights], inputs };
  },
  "turned tokens, also as numbers": () => {
    const [E, D] = [table(), w("D", width, 6)];
    const turned = o.reverse(words(), lengths);
    const numbers = o.toFloat(o.reshape(turned, ["time", rows, 1]));
    return { outputs: [o.add(o.matmul(o.gather(E, turned), D), numbers)], weights: [E, D], inputs };
  },
  "two layers above one embedding": () => {
    const E = table();
    const vectors = o.gather(E, words());
    const [a, b] = [layer("simple", 4, vectors), layer("gruBefore", 6, vectors)];
    return { outputs: [a.sequence, b.final], weights: [E, ...a.weights, ...b.weights], inputs };
  },
  "one embedding and one kernel for two sequences": () => {
    const [E, D, b] = [table(), w("D", width, 7), w("b", 7)];
    const dense = (tokens: Node): Node => o.add(o.matmul(o.gather(E, tokens), D), b);
    return { outputs: [o.mul(dense(words()), dense(words("others")))], weights: [E, D, b], inputs };
  },
  "two embeddings": () => {
    const [E, F, D] = [table(), table(9, "other table"), w("D", width, 7)];
    const second = o.matmul(o.gather(F, words("others")), D);
    return {
      outputs: [o.mul(o.matmul(o.gather(E, words()), D), second)],
      weights: [E, F, D],
      inputs: { ...inputs, others: tokensFor(4, 9) },
    };
  },
  "vectors that are read as they are, too": () => {
    const [E, D] = [table(), w("D", width, width)];
    const vectors = o.gather(E, words());
    return { outputs: [o.mul(o.matmul(vectors, D), vectors)], weights: [E, D], inputs };
  },
  "vectors beside numbers": () => {
    const [E, D, b] = [table(), w("D", width + 3, 7), w("b", 7)];
    const both = o.concat(o.gather(E, words()), x(3));
    return { outputs: [o.add(o.matmul(both, D), b)], weights: [E, D, b], inputs };
  },
  "vectors that are changed first": () => {
    const [E, D] = [table(), w("D", width, 7)];
    const scaled = o.mul(o.gather(E, words()), o.random(ints("key", [2]), ["time", rows, width]));
    return { outputs: [o.matmul(scaled, D)], weights: [E, D], inputs };
  },
  "a product that begins with a row's own numbers": () => {
    const [E, D] = [table(), w("D", width, 7)];
    return { outputs: [o.add(o.matmul(o.gather(E, words()), D), v(7))], weights: [E, D], inputs };
  },
  "a turned kernel": () => {
    const [E, D] = [table(), w("D", 7, width)];
    return { outputs: [o.matmul(o.gather(E, words()), o.transpose(D))], weights: [E, D], inputs };
  },
  "parts of a table and of a kernel": () => {
    const both = w("both", vocabulary, width + 4);
    const D = w("D", width, 12);
    const vectors = o.gather(o.slice(both, 3, width), words());
    return {
      outputs: [o.matmul(vectors, o.slice(D, 2, 6))],
      weights: [both, D],
      differentiable: false,
      inputs,
    };
  },
  "too many tokens for a table": () => {
    const E = table(300);
    const made = layer("lstm", 6, o.gather(E, words()));
    const tokens = tokensFor(5, 300);
    return { outputs: [made.sequence], weights: [E, ...made.weights], inputs: { tokens } };
  },
  "a table as long as it may be": () => {
    const E = table(256);
    const made = layer("lstm", 6, o.gather(E, words()));
    const tokens = tokensFor(6, 256);
    return { outputs: [made.sequence], weights: [E, ...made.weights], inputs: { tokens }, sizes: ragged };
  },
};

/** Tokens below a cell and a dense layer: the sequence, its logits, the final states and what they are made of. */
export function tokenNetwork(
  cell: CellName,
  tokens: number,
): {
  readonly outputs: readonly Node[];
  readonly inputs: readonly Parameter[];
  readonly weights: readonly Parameter[];
} {
  const units = 9;
  const E = w("E", tokens, width);
  const { weights, states, step } = cells[cell](width, units);
  const first = Array.from({ length: states }, (_, k) => parameter(`first ${k}`, [rows, units]));
  const index = words();
  const made = unfold({
    step: ([slice], held) => ({ next: step(slice, held.slice(0, states)).slice(0, states) }),
    initial: first,
    sequences: [o.gather(E, index)],
  });
  const D = w("dense", units, 4);
  const finals = first.map((_, k) => result(made, "final", k));
  const sequence = result(made, "stacked");
  return {
    outputs: [sequence, o.matmul(sequence, D), ...finals],
    inputs: [index, ...first],
    weights: [E, ...weights, D],
  };
}
