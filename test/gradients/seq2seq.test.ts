/** Central differences of whole seq2seq networks, sources and targets of different lengths. */
import { describe, expect, test } from "vitest";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { checkSeq2seq, type Seq2seqCase } from "./seq2seqNetworks.ts";

const read = () => embedding({ inputDim: 4, outputDim: 2 });

function check(one: Seq2seqCase): void {
  // Nothing is learned by a weight that no loss reaches: the encoder's are among them.
  for (const gradient of checkSeq2seq(one)) expect(gradient?.data.some((x) => x !== 0)).toBe(true);
}

describe("seq2seq", () => {
  test("states as they are", () => {
    check({
      encoder: [read(), lstm({ units: 2 })],
      decoder: [read(), lstm({ units: 2, returnSequences: true }), dense({ units: 4 })],
    });
  });
  test("both directions, through dense layers, deep", () => {
    check({
      encoder: [read(), bidirectional(gru({ units: 2, returnSequences: true })), simpleRNN({ units: 2 })],
      decoder: [
        read(),
        lstm({ units: 3, returnSequences: true }),
        gru({ units: 2, returnSequences: true }),
        dense({ units: 4 }),
      ],
    });
  });
  test.each(["dot", "additive"] as const)("with %s attention, as wide and of another width", (attention) => {
    const encoder = [read(), bidirectional(gru({ units: 2, returnSequences: true }))];
    for (const units of [4, 3]) {
      const decoder = [read(), gru({ units, returnSequences: true }), dense({ units: 4 })];
      check({ encoder, decoder, attention });
    }
  });
});
