/** Misuse is told in four facts, in one line at the place that notices it. */
import { type ErrorFacts, UnrollError } from "../../errors.ts";

/** Throws an UnrollError of these facts unless `condition` holds. */
export function refuseUnless(condition: unknown, facts: ErrorFacts): asserts condition {
  if (!condition) throw new UnrollError(facts);
}
