/**
 * Target sequences as a decoder is trained with them: it reads each behind the token of the start, and has to say it
 * with the token of the end.
 *
 *   y_1 .. y_n   ->   reads start, y_1 .. y_n      says y_1 .. y_n, end
 */
import { UnrollError } from "../../errors.ts";
import { columnOf } from "../model/data.ts";
import type { TargetTokens } from "../model/network.ts";
import { type Ragged, raggedOf } from "../model/ragged.ts";
import { tensorOf } from "../model/tensor.ts";

export interface Taught {
  readonly reads: Ragged;
  readonly says: Ragged;
}

/** Throws an UnrollError unless `target` are sequences of tokens without those of start and end. */
export function taught(target: unknown, { startToken, endToken }: TargetTokens, where: string): Taught {
  const { rows, row } = columnOf(target, { axes: [null], dtype: "int32", time: "time" }, where);
  const sequences = Array.from({ length: rows }, (_, k) => row(k));
  sequences.forEach((tokens, k) => {
    const found = tokens.findIndex((token) => token === startToken || token === endToken);
    if (found >= 0)
      throw added(
        `${where}, row ${k}, token ${found}`,
        tokens[found] === startToken ? "startToken" : "endToken",
      );
  });
  const ragged = (made: readonly Int32Array[]): Ragged =>
    raggedOf(made.map((data) => tensorOf([data.length], data)));
  return {
    reads: ragged(sequences.map((tokens) => Int32Array.of(startToken, ...tokens))),
    says: ragged(sequences.map((tokens) => Int32Array.of(...tokens, endToken))),
  };
}

const added = (where: string, name: string): UnrollError =>
  new UnrollError({
    where,
    expected: "the tokens of the sequence alone",
    got: name,
    fix: "Leave out startToken and endToken: they are added here.",
  });
