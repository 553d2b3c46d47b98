/** The loss of an output: what `compile` is told, or what the last layer brings. */
import { UnrollError } from "../../errors.ts";
import { distributionText, sameDistribution } from "../distributions/distribution.ts";
import { endingOf } from "../layers/layer.ts";
import { headOf } from "../model/head.ts";
import type { End } from "../model/network.ts";
import { spelt } from "../options.ts";
import { lossNames, lossTextOf } from "./losses.ts";
import { refuseUnless } from "./refuse.ts";
import { type AnyLoss, anyLossNamed, ignoredBy, isOfSequences } from "./sequenceLosses.ts";

const where = "model.compile({ loss })";

/** Throws an UnrollError for what is no loss, and for one that does not fit the output. */
export function lossFor(end: End, given: unknown): AnyLoss {
  const own = endingOf(end.symbol)?.loss;
  const loss = lossOf(given ?? own);
  refuseUnless(own === undefined || loss.loss === own, {
    where,
    expected: `none for the output "${end.name}": its layer brings its own`,
    got: `"${loss.loss}"`,
    fix: "Leave it out.",
  });
  refuseUnless(own !== undefined || loss.loss !== "crf", {
    where,
    expected: `a loss for an output that no crf makes, "${end.name}"`,
    got: '"crf"',
    fix: "Put crf({ units }) behind the last layer, or choose another loss.",
  });
  refuseUnless(!isOfSequences(loss) || end.time !== null, {
    where,
    expected: `a loss for an output without time, "${end.name}"`,
    got: `"${loss.loss}"`,
    fix: "Set returnSequences: true on the last recurrent layer.",
  });
  refuseUnless(ignoredBy(loss) === null || !isOfPixels(end), {
    where: `${where}, ignoreClass`,
    expected: `none for the output "${end.name}", an image: steps count, or rows, not pixels`,
    got: String(ignoredBy(loss)),
    fix: "Leave ignoreClass out.",
  });
  refuseOtherHead(end, loss);
  return loss;
}

/** Whether an output is an image, or one a step. */
export const isOfPixels = ({ symbol: { axes }, time }: End): boolean => axes.length > (time === null ? 1 : 2);

/** A layer that tells a distribution is trained by the loss of that distribution, or by one of the user's own. */
function refuseOtherHead(end: End, loss: AnyLoss): void {
  if (isOfSequences(loss)) return;
  const trained = loss.distribution?.(end.symbol.axes.at(-1) ?? 1); // refuses a width that no such has
  const head = headOf(end);
  if (head === null || (trained === undefined && !lossNames.includes(loss.loss))) return;
  refuseUnless(trained !== undefined && sameDistribution(head, trained), {
    where: `model.compile({ loss }), output "${end.name}"`,
    expected: `the loss of ${distributionText(head)}`,
    got: trained === undefined ? `"${loss.loss}"` : `that of ${distributionText(trained)}`,
    fix: `Set loss: ${lossTextOf(head)}.`,
  });
}

function lossOf(given: unknown): AnyLoss {
  if (typeof given === "string") return anyLossNamed(given);
  if (isLoss(given)) return given;
  throw new UnrollError({
    where,
    expected: 'a loss: huber({ delta: 2 }) or "huber"',
    got: given === undefined ? "none" : spelt(given),
    fix: "Call the loss, or give its name.",
  });
}

const functions = ["perStep", "perSequence"] as const;
export const isLoss = (x: unknown): x is AnyLoss =>
  typeof x === "object" &&
  x !== null &&
  functions.some((name) => typeof (x as Readonly<Record<string, unknown>>)[name] === "function");
