/**
 * Sentences of made-up words with the names of people and places marked, one label a word. Some words of names stand in
 * all kinds of names: only their neighbours tell what they are.
 */
import { below, type Draw, draws, type GeneratorOptions, pick } from "./draws.ts";

/** The labels, by number: how a name begins, and how it goes on. */
export const nameLabels = ["other", "person", "person, on", "place", "place, on"] as const;

export interface TaggedSentences {
  /** `[count][words]`: numbers of words. */
  readonly x: number[][];
  /** `[count][words]`: numbers of labels. */
  readonly y: number[][];
  /** The words by number. */
  readonly vocabulary: readonly string[];
}

const [other, person, personOn, place, placeOn] = [0, 1, 2, 3, 4] as const;
const words: readonly (readonly string[])[] = [
  ["the", "a", "and", "saw", "met", "near", "left", "for", "with", "was", "old", "in"],
  ["Anna", "Boris", "Clara", "Dora", "Emil"],
  ["Falk", "Groth", "Holm"],
  ["Port", "Saint", "Upper", "New"],
  ["Bay", "Bridge", "Hill"],
];
/** Words that stand in a name of either kind, at its beginning or further on. */
const shared = ["Marten", "Orla", "Perry", "Quint", "Rowan", "Sterling"];
const vocabulary = [...words.flat(), ...shared];

/** `ambiguous`: the share of the words of names that stand in all kinds of names. Default: 0.5. */
export function namesInSentences({
  count,
  seed = 0,
  ambiguous = 0.5,
}: GeneratorOptions & { readonly ambiguous?: number }): TaggedSentences {
  const sentences = Array.from({ length: count }, (_, k) => sentence(draws(seed, "names", k), ambiguous));
  return { x: sentences.map(({ x }) => x), y: sentences.map(({ y }) => y), vocabulary };
}

function sentence(draw: Draw, ambiguous: number): { readonly x: number[]; readonly y: number[] } {
  const y: number[] = [];
  for (let names = 1 + below(draw, 3); names > 0; names--) {
    for (let k = 1 + below(draw, 3); k > 0; k--) y.push(other);
    const [begin, on] = draw() < 0.5 ? [person, personOn] : [place, placeOn];
    y.push(begin, ...Array.from({ length: below(draw, 3) }, () => on));
  }
  const x = y.map((label) => {
    const list = label !== other && draw() < ambiguous ? shared : (words[label] ?? []);
    return vocabulary.indexOf(pick(draw, list));
  });
  return { x, y };
}

/** How many names go on that did not begin: a label that no sentence has behind the one before it. */
export function brokenNames(labels: readonly number[]): number {
  const broken = (label: number, before: number): boolean =>
    (label === personOn && before !== person && before !== personOn) ||
    (label === placeOn && before !== place && before !== placeOn);
  return labels.filter((label, t) => broken(label, labels[t - 1] ?? other)).length;
}
