/** Whether a layer can take a signal, told at run time in the words of the places where both stand. */
import { UnrollError } from "../../errors.ts";
import type { Kind } from "../signals.ts";
import { described, type Form, kindOf } from "../symbols.ts";
import type { Definition } from "./layer.ts";

export interface Place {
  /** `layer 3 "lstm_2"`. */
  readonly where: string;
  /** Where the signal comes from: `layer 2 "lstm_1"`; null for an input. */
  readonly from: string | null;
  /** The name of the layer it comes from where that has `returnSequences`. */
  readonly sequencesFrom: string | null;
}

const expectedOf: { readonly [K in Kind]: string } = {
  sequence: "a sequence [batch, time, features]",
  vector: "a vector [batch, features]",
  tokens: 'tokens [batch, time] of dtype "int32"',
  image: "an image [batch, height, width, channels]",
  other: "a value of more axes",
};

/** Throws an UnrollError, with the way out, when `layer` does not take what comes. */
export function refuseMisfit(layer: Pick<Definition, "takes">, form: Form, place: Place): void {
  const kind = kindOf(form);
  if (layer.takes.includes(kind)) return;
  const from = place.from ?? "the input";
  throw new UnrollError({
    where: place.where,
    expected: layer.takes.map((taken) => expectedOf[taken]).join(" or "),
    got: `${described(form)} from ${from}`,
    fix: fixOf(kind, layer.takes, place),
  });
}

function fixOf(given: Kind, takes: readonly Kind[], { sequencesFrom }: Place): string {
  if (given === "tokens") return "Put embedding({ inputDim, outputDim }) before it.";
  if (takes.includes("tokens")) return 'Give the input shape: [null] and dtype: "int32".';
  if (given === "vector" && takes.includes("sequence")) {
    return sequencesFrom === null
      ? "Put repeatVector({ n }) before it, or give an input with a time axis: shape: [null, features]."
      : `Set returnSequences: true on "${sequencesFrom}".`;
  }
  if (given === "sequence" && takes.includes("vector")) {
    return sequencesFrom === null
      ? "Put flatten() before it."
      : `Leave out returnSequences on "${sequencesFrom}", or put flatten() between.`;
  }
  if (takes.includes("image") && given === "other") return "Put the layer into timeDistributed.";
  if (given === "image" && (takes.includes("vector") || takes.includes("sequence")))
    return "Put flatten() or globalAveragePooling2d() before it.";
  return "Look at the shape of what goes in.";
}
