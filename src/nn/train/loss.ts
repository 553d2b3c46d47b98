/** What a loss is, and how its options are completed. */
import type { Node } from "../../core/graph/nodes.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { above0, type Checks, completed, flag, fraction } from "../options.ts";

/** A loss. One of your own needs a name and `perStep`. */
export interface Loss {
  readonly loss: string;
  /** What makes the same loss again. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** "class": int32 without the axis of features. "values", the default: the shape of the prediction. */
  readonly target?: "values" | "class";
  /**
   * Of a loss that takes predictions for parameters: the distribution that so many are of. The target has its units,
   * and metrics see its mean. Throws an UnrollError for a number that cannot be.
   */
  readonly distribution?: (width: number) => Distribution;
  /** Steps whose target is this class count nothing. */
  readonly ignoreClass?: number | null;
  /** `[..., features]` and the target to `[..., 1]`. */
  readonly perStep: (prediction: Node, target: Node) => Node;
}

/** How many features the target of a prediction of `width` features has. */
export const targetWidth = ({ distribution }: Loss, width: number): number =>
  distribution === undefined ? width : distribution(width).units;

const checks: Checks = {
  fromLogits: flag,
  labelSmoothing: fraction,
  delta: above0,
  ignoreClass: {
    expected: "a class, a whole number, or null",
    holds: (x) => x === null || Number.isSafeInteger(x),
  },
};

/** Defaults with what was given. Throws an UnrollError for a name or a value that cannot be. */
export const filled = <T extends object>(name: string, usual: T, given: object): T =>
  completed(name, given, usual, checks);
