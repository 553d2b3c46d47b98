/** What goes into a seq2seq, and what comes out. */
import {
  bidirectional,
  dense,
  embedding,
  gru,
  type Hypothesis,
  input,
  loadSeq2seq,
  lstm,
  type Seq2seq,
  type Signal,
  seq2seq,
} from "unroll-rnn";
import { same } from "./same.ts";

const read = embedding({ inputDim: 9, outputDim: 4 });
const write = dense({ units: 9, activation: "softmax" });
const every = gru({ units: 8, returnSequences: true });
const ends = { startToken: 7, endToken: 8 } as const;

export async function translating(): Promise<void> {
  const model = seq2seq({
    encoder: [read, bidirectional(lstm({ units: 4 }))],
    decoder: [read, every, write],
    ...ends,
  });
  same<Seq2seq<Signal<"tokens", number, "causal">>>()(model);
  same<number[][]>()(await model.generate([[1, 2], [3]], { maxLength: 4, beam: 2 }));
  same<readonly (readonly Hypothesis[])[]>()(
    await model.generate([[1]], { maxLength: 4, beam: 2, nBest: 2 }),
  );
  model.compile({ optimizer: "adam", metrics: ["accuracy"] });
  await model.fit([[1, 2]], [[2]], { epochs: 2 });
  // @ts-expect-error the batch is missing
  model.generate([1, 2], { maxLength: 4 });
  // @ts-expect-error how many tokens at most is missing
  model.generate([[1, 2]], {});
  const films = seq2seq({
    encoder: [input({ shape: [null, 3] }), gru({ units: 8 })],
    decoder: [read, every, write],
    ...ends,
  });
  await films.fit([[[1, 2, 3]]], [[4, 5]]);
  // @ts-expect-error tokens where there should be vectors
  films.fit([[1, 2, 3]], [[4, 5]]);
  same<Seq2seq>()(await loadSeq2seq("path"));
}

export function misfits(): void {
  // @ts-expect-error a decoder may not look ahead
  seq2seq({ encoder: [read, every], decoder: [read, bidirectional(every), write], ...ends });
  // @ts-expect-error a decoder that gives one vector
  seq2seq({ encoder: [read, every], decoder: [read, gru({ units: 8 }), write], ...ends });
  // @ts-expect-error the second layer of the encoder gets a vector
  seq2seq({ encoder: [read, gru({ units: 8 }), every], decoder: [read, every, write], ...ends });
  // @ts-expect-error a kind of attention that there is not
  seq2seq({ encoder: [read, every], decoder: [read, every, write], attention: "general", ...ends });
  // @ts-expect-error no end
  seq2seq({ encoder: [read, every], decoder: [read, every, write], startToken: 1 });
}
