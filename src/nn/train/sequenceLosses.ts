/** Losses that a sequence has as a whole, beside those of its steps. */
import type { Node } from "../../core/graph/nodes.ts";
import { invariant } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import type { Value } from "../layers/layer.ts";
import { checkOptions, whole } from "../options.ts";
import { ctcLoss } from "./ctcLoss.ts";
import { type Loss, type LossName, lossNamed, lossNames, lossOptions } from "./losses.ts";
import { refuseUnless } from "./refuse.ts";

/** The mean over the batch, whatever the timeReduction. */
export interface SequenceLoss {
  readonly loss: SequenceLossName;
  /** What makes the same loss again. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** "class": int32 `[time, rows]`. "labels": float32 `[rows, n]`, -1 behind the last label of each row. */
  readonly target: "class" | "labels";
  /** Of labels: the class that is none. */
  readonly blank?: number;
  /** From the output `[time, rows, features]` and its target to the loss of each row, `[rows, 1]`. */
  readonly perSequence: (output: Value, target: Node) => Node;
}
export type SequenceLossName = "crf" | "ctc";
export type AnyLoss = Loss | SequenceLoss;
export type AnyLossName = LossName | SequenceLossName;

export const isOfSequences = (loss: AnyLoss): loss is SequenceLoss => "perSequence" in loss;

/** The class whose steps count nothing, or null. */
export const ignoredBy = (loss: AnyLoss): number | null =>
  isOfSequences(loss) ? null : (loss.ignoreClass ?? null);

/** What a crf layer brings: its own likelihood. */
function crf(): SequenceLoss {
  const perSequence = ({ loss }: Value, classes: Node): Node => {
    invariant(loss, "crf: the output of a layer with an ending");
    return loss(classes);
  };
  return { loss: "crf", target: "class", perSequence };
}

export interface CtcOptions {
  /** The class that says nothing. Default: 0. */
  readonly blank?: number;
}

/**
 * -log p of the labels, whatever frames they are said at (Graves et al. 2006). The output is logits `[batch, time,
 * classes]`; the targets are labels `[batch, labels]`, ragged, without blanks.
 */
export function ctc(given: CtcOptions = {}): SequenceLoss {
  checkOptions("ctc", given, { blank: whole(0) });
  const { blank = 0 } = given;
  return {
    loss: "ctc",
    options: { blank },
    target: "labels",
    blank,
    perSequence: (output, labels) => ctcLoss(output, labels, blank),
  };
}

const named = { crf, ctc } as const satisfies Readonly<Record<SequenceLossName, unknown>>;

export const anyLossNames: readonly string[] = [...lossNames, ...Object.keys(named)];

/** The options of each loss, those that may be left out with "?". */
export const anyLossOptions = (name: string): readonly string[] =>
  Object.hasOwn(named, name)
    ? Object.keys(anyLossNamed(name).options ?? {}).map((option) => `${option}?`)
    : lossOptions(name);

/** A loss by name, with its defaults or `options` (as they stand in a file). */
export function anyLossNamed(name: string, options: Readonly<Record<string, unknown>> = {}): AnyLoss {
  const meant = nearest(name, anyLossNames);
  refuseUnless(anyLossNames.includes(name), {
    where: "model.compile({ loss })",
    expected: `one of ${anyLossNames.join(", ")}`,
    got: JSON.stringify(name),
    fix: meant === undefined ? "Use one of these names." : `Did you mean "${meant}"?`,
  });
  if (!Object.hasOwn(named, name)) return lossNamed(name, options);
  // What stands in a file was written from options of the same loss.
  return (named[name as SequenceLossName] as (options: unknown) => SequenceLoss)(options);
}
