/** Central differences of the cells whose gates do not see the state, and of slstm: weights, inputs, first states. */
import { describe, expect, test } from "vitest";
import { differentiate } from "../../src/core/grad/gradients.ts";
import type { NodeOf } from "../../src/core/graph/nodes.ts";
import { topological } from "../../src/core/graph/walk.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { lru } from "../../src/nn/layers/lru.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { minGRU, minLSTM } from "../../src/nn/layers/minGru.ts";
import type { RecurrentOptions } from "../../src/nn/layers/recurrent.ts";
import { slstm } from "../../src/nn/layers/slstm.ts";
import { sru } from "../../src/nn/layers/sru.ts";
import { checkNetwork, type NetworkCase, prepared } from "./networks.ts";

const units = 2;
type Options = Omit<RecurrentOptions<number, boolean, boolean, boolean>, "recurrentDropout">;
const kinds = {
  minGRU: (options: Options) => minGRU(options),
  "minGRU, log form": (options: Options) => minGRU({ ...options, form: "log" }),
  minLSTM: (options: Options) => minLSTM(options),
  "minLSTM, log form": (options: Options) => minLSTM({ ...options, form: "log" }),
  sru: (options: Options) => sru(options),
  "sru without vectors": (options: Options) => sru({ ...options, peephole: false, highwayScale: 1.5 }),
  lru: (options: Options) => lru(options),
  "lru, more numbers than units": (options: Options) => lru({ ...options, stateUnits: 3 }),
  slstm: (options: Options) => slstm(options),
  "slstm, exponential forget gate": (options: Options) => slstm({ ...options, forgetGate: "exp" }),
  "slstm, two heads": (options: Options) => slstm({ ...options, heads: 2 }),
} as const;
const masked = [dense({ units, bias: false }), masking()];
const zeroAt = [
  [0, 0],
  [1, 1],
] as const;

describe.each(Object.entries(kinds))("%s", (kind, layer) => {
  test("every output, and the last one alone", () => {
    checkNetwork({ layers: [layer({ units, returnSequences: true })] });
    checkNetwork({ layers: [layer({ units })] });
  });
  test("another number of features than units", () => {
    checkNetwork({ layers: [layer({ units, returnSequences: true })], features: 3 });
  });
  test("output and states, backwards", () => {
    const options = { units, returnState: true, returnSequences: true, goBackwards: true } as const;
    checkNetwork({ layers: [layer(options)] });
  });
  const firsts = ["random", "learned", "firstInput"] as const;
  test.each(kind.startsWith("lru, more") ? firsts.slice(0, 2) : firsts)(
    "first states: %s",
    (initialState) => {
      checkNetwork({ layers: [layer({ units, initialState, returnSequences: true })] });
    },
  );
  test("first states from outside", () => {
    checkNetwork({ layers: [layer({ units, returnSequences: true })], given: true });
  });
  test("a mask", () => {
    checkNetwork({ layers: [...masked, layer({ units, returnSequences: true })], zeroAt });
    checkNetwork({ layers: [...masked, layer({ units })], zeroAt });
  });
  test("dropout of inputs", () => {
    const layers = [layer({ units, dropout: 0.4, returnSequences: true })];
    checkNetwork({ layers, training: true, lengths: [3, 2] });
  });
  test("in both directions, and another above", () => {
    const layers = [bidirectional(layer({ units, returnSequences: true })), layer({ units })];
    checkNetwork({ layers, lengths: [3, 1] });
  });
});

test("dropout of states that enter a product", () => {
  const options = { units, recurrentDropout: 0.4, returnSequences: true } as const;
  checkNetwork({ layers: [lru(options)], training: true, lengths: [3, 2] });
  checkNetwork({ layers: [slstm({ ...options, heads: 2 })], training: true, lengths: [3, 2] });
});
test("options of sru: an activation, no bias", () => {
  checkNetwork({ layers: [sru({ units, activation: "tanh", bias: "none", returnSequences: true })] });
});

describe("a scan says that it is associative", () => {
  const flags = (one: NetworkCase): readonly boolean[] => {
    const { results, wrt } = prepared(one);
    const { roots, gradients } = differentiate({ roots: results, seeds: results, wrt });
    const all = topological([...roots, ...gradients.filter((grad) => grad !== null)]);
    const scans = all.filter((node): node is NodeOf<"scan"> => node.op === "scan");
    return [false, true].map((reverse) => {
      const own = scans.filter(({ attributes }) => attributes.reverse === reverse);
      expect(own.length).toBeGreaterThan(0);
      return own.every(({ attributes }) => attributes.associative);
    });
  };
  const every = { units, returnSequences: true } as const;
  const linear = ["minGRU", "minLSTM, log form", "sru without vectors", "lru"] as const;
  test.each(linear)("%s: there and back", (name) => {
    expect(flags({ layers: [kinds[name](every)] })).toEqual([true, true]);
  });
  test.each(["minGRU", "minLSTM"] as const)(
    "%s: under a mask too, and where the last output counts",
    (name) => {
      expect(flags({ layers: [...masked, kinds[name](every)], zeroAt })).toEqual([true, true]);
      expect(flags({ layers: [kinds[name]({ units })] })).toEqual([true, true]);
    },
  );
  test.each(["sru", "slstm"] as const)("not %s, whose gates see the state", (name) => {
    expect(flags({ layers: [kinds[name](every)] })).toEqual([false, false]);
  });
  test("not where the first step is told from the others by a state", () => {
    expect(flags({ layers: [minGRU({ ...every, initialState: "firstInput" })] })).toEqual([false, false]);
  });
});
