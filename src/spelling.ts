/** The name that was probably meant, for the "did you mean" of an error. */

/** What people call some names, in small letters. */
const usual: ReadonlyMap<string, string> = new Map([
  ["lr", "learningRate"],
  ["mse", "meanSquaredError"],
  ["mae", "meanAbsoluteError"],
  ["bce", "binaryCrossentropy"],
  ["cce", "categoricalCrossentropy"],
  ["crossentropy", "categoricalCrossentropy"],
]);

/**
 * The name of `names` nearest to `name`, letter case aside, or undefined where none is near: one that is usually
 * called so, or at most one slip in three letters. Of equally near names the first.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const known = [...names];
  const meant = usual.get(wanted);
  if (meant !== undefined && known.includes(meant) && !known.includes(name)) return meant;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= least) continue; // so many slips at least
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Slips between two words: a letter inserted, left out or replaced, or two neighbours exchanged. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) row.push(cheapest(a, b, i, { above: rows, row }));
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

interface Filled {
  readonly above: readonly (readonly number[])[];
  readonly row: readonly number[];
}

function cheapest(a: string, b: string, i: number, { above, row }: Filled): number {
  const j = row.length;
  const replaced = above[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
  const exchanged =
    i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      ? above[i - 2]![j - 2]! + 1
      : Number.POSITIVE_INFINITY;
  return Math.min(above[i - 1]![j]! + 1, row[j - 1]! + 1, replaced, exchanged);
}
