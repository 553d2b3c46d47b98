/**
 * Attention: behind its last recurrent layer a decoder looks, at every step, at all steps of the source. What it finds
 * stands beside its own output for the layers that follow.
 *
 *   a_t = softmax over j of score(h_t, s_j)     c_t = sum over j of a_tj s_j     out_t = [c_t, h_t]
 *
 *   dot        score = h s, or h (s W) where the widths differ        (Luong, Pham, Manning 2015, arXiv:1508.04025)
 *   additive   score = v tanh(h U + s W + b)                          (Bahdanau, Cho, Bengio 2015, arXiv:1409.0473)
 *
 * Nothing of it goes back into the recurrent layers, so in training all steps of a target are looked up together.
 */
import { attention } from "../layers/attention.ts";
import { dense } from "../layers/dense.ts";
import { concat } from "../operators.ts";
import type { Signal } from "../signals.ts";

export type AttentionScore = "dot" | "additive";
type Sequence = Signal<"sequence">;

/** `query` is the decoder's output, `memory` the encoder's. */
export function attended(query: Sequence, memory: Sequence, score: AttentionScore): Signal {
  const units = query.width;
  const additive = score === "additive";
  const asked = additive ? dense({ units, bias: false, name: "attention_query" })(query) : query;
  const fits = !additive && memory.width === units;
  const key = fits ? memory : dense({ units, bias: additive, name: "attention_key" })(memory);
  return concat(attention({ score })([asked, memory, key]), query);
}
