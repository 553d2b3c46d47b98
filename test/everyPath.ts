/** Paths of labels through a sequence, all of them: what a crf says of one, and of all together, in float64. */
export type Matrix = readonly (readonly number[])[];
/** The weights of a crf. */
export interface Chain {
  readonly kernel: Matrix;
  readonly bias: readonly number[];
  readonly transitions: Matrix;
}

export function everyPath(steps: number, labels: number): readonly (readonly number[])[] {
  if (steps === 0) return [[]];
  const all = Array.from({ length: labels }, (_, label) => label);
  return everyPath(steps - 1, labels).flatMap((path) => all.map((label) => [...path, label]));
}

/** The emissions and transitions of a path, summed. */
export function scoreOf({ kernel, bias, transitions }: Chain, rows: Matrix, path: readonly number[]): number {
  return path.reduce((score, label, t) => {
    const emission = (rows[t] ?? []).reduce((sum, value, f) => sum + value * (kernel[f]?.[label] ?? 0), 0);
    const moved = t === 0 ? 0 : (transitions[path[t - 1] ?? 0]?.[label] ?? 0);
    return score + emission + (bias[label] ?? 0) + moved;
  }, 0);
}

/** -log p(path), and its gradients of kernel, bias and transitions side by side: expected less observed counts. */
export function likelihood(
  chain: Chain,
  rows: Matrix,
  path: readonly number[],
): { readonly loss: number; readonly gradient: Float64Array } {
  const [features, labels] = [chain.kernel.length, chain.bias.length];
  const paths = everyPath(rows.length, labels);
  const powers = paths.map((one) => Math.exp(scoreOf(chain, rows, one)));
  const total = powers.reduce((a, b) => a + b, 0);
  const gradient = new Float64Array((features + 1 + labels) * labels);
  const count = (one: readonly number[], amount: number): void =>
    one.forEach((label, t) => {
      (rows[t] ?? []).forEach((value, f) => {
        gradient[f * labels + label]! += amount * value;
      });
      gradient[features * labels + label]! += amount;
      if (t > 0) gradient[(features + 1 + (one[t - 1] ?? 0)) * labels + label]! += amount;
    });
  paths.forEach((one, k) => {
    count(one, (powers[k] ?? 0) / total);
  });
  count(path, -1);
  return { loss: Math.log(total) - scoreOf(chain, rows, path), gradient };
}
