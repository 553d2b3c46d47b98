/** Sequences of different lengths, as they are: nothing is padded. */
import type { DType } from "../../core/graph/nodes.ts";
import { inPlace, UnrollError } from "../../errors.ts";
import { spelt } from "../options.ts";
import { isTensor, type Nested, type Tensor, tensor } from "./tensor.ts";

export interface Ragged {
  readonly lengths: readonly number[];
  /** One for each sequence, `[time, features]` or `[time]`. */
  readonly rows: readonly Tensor[];
  toArray(): readonly Nested[];
}

class Uneven implements Ragged {
  readonly lengths: readonly number[];
  readonly rows: readonly Tensor[];

  constructor(rows: readonly Tensor[]) {
    this.lengths = rows.map(({ shape }) => shape[0] ?? 0);
    this.rows = rows;
  }

  toArray(): readonly Nested[] {
    return this.rows.map((row) => row.toArray());
  }
}

/** Sequences, each a nested array or a tensor `[time, features]` or `[time]`. */
export function ragged(sequences: readonly (Nested | Tensor)[], dtype: DType = "float32"): Ragged {
  if (!Array.isArray(sequences)) throw noArray(sequences);
  const rows = Array.from(sequences, (sequence, k) =>
    isTensor(sequence)
      ? sequence
      : inPlace(`ragged(sequences), sequence ${k}`, () => tensor(sequence, undefined, dtype)),
  );
  const inner = (row: Tensor): string => row.shape.slice(1).join(", ");
  // An empty nested array does not say how wide its steps would be.
  const first = rows.find((row) => row.data.length > 0);
  rows.forEach((row, k) => {
    if (row.shape.length > 0 && (first === undefined || row.data.length === 0 || inner(row) === inner(first)))
      return;
    throw new UnrollError({
      where: `ragged(sequences), sequence ${k}`,
      expected: `an array of steps${first && inner(first) && `, each [${inner(first)}] as in the sequences before it`}`,
      got: row.shape.length > 0 ? `[${row.shape.join(", ")}]` : spelt(row.data[0]),
      fix: "Give every step of every sequence the same features, and a single sequence brackets of its own.",
    });
  });
  return raggedOf(rows);
}

function noArray(got: unknown): UnrollError {
  return new UnrollError({
    where: "ragged(sequences)",
    expected: "an array of sequences",
    got: isTensor(got) ? "a tensor" : spelt(got),
    fix: "Give one array for each sequence: ragged([[[1], [2]], [[3]]]).",
  });
}

/** Rows that are right already. */
export const raggedOf = (rows: readonly Tensor[]): Ragged => new Uneven(rows);

export const isRagged = (x: unknown): x is Ragged => x instanceof Uneven;
