/**
 * A random matrix `[rows, columns]` whose rows (or columns, where they are fewer) are orthonormal: the Q of a
 * normal matrix's QR with a positive diagonal in R, which is uniform over all such matrices (Mezzadri 2007).
 */
import { type Key, normal } from "../../core/run/random.ts";
import type { Pieces } from "../breath.ts";

export function* orthogonal(key: Key, rows: number, columns: number): Pieces<Float64Array> {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis = new Float64Array(rows * columns);
  const vectors = Array.from({ length: count }, (_, k) => basis.subarray(k * length, (k + 1) * length));
  for (const [k, vector] of vectors.entries()) {
    for (let j = 0; j < length; j++) vector[j] = normal(key, k * length + j);
    yield;
  }
  for (const [k, vector] of vectors.entries()) {
    addMultiple(vector, 1 / Math.sqrt(dot(vector, vector)) - 1, vector);
    removeDirection(vector, vectors.slice(k + 1));
    yield;
  }
  if (rows <= columns) return basis;
  return basis.map((_, k) => basis[(k % columns) * length + Math.floor(k / columns)]!);
}

/** Takes its part along `direction` out of each vector: of four at a time, whose sums need not wait for each other. */
function removeDirection(direction: Float64Array, vectors: readonly Float64Array[]): void {
  const inFours = vectors.length - (vectors.length % 4);
  for (let k = 0; k < inFours; k += 4)
    removeFromFour(direction, vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!);
  for (const vector of vectors.slice(inFours)) addMultiple(vector, -dot(vector, direction), direction);
}

function removeFromFour(
  direction: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
): void {
  let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
  for (let k = 0; k < direction.length; k++) {
    const along = direction[k]!;
    ofA += a[k]! * along;
    ofB += b[k]! * along;
    ofC += c[k]! * along;
    ofD += d[k]! * along;
  }
  for (let k = 0; k < direction.length; k++) {
    const along = direction[k]!;
    a[k]! -= ofA * along;
    b[k]! -= ofB * along;
    c[k]! -= ofC * along;
    d[k]! -= ofD * along;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** `target += factor source`. */
function addMultiple(target: Float64Array, factor: number, source: Float64Array): void {
  for (let k = 0; k < target.length; k++) target[k]! += factor * source[k]!;
}
