/** What all arithmetic is in: doubles beyond its range become infinities there, and the smallest ones zeros. */

/** A number that is finite in float32. */
export const isFloat32 = (x: unknown): x is number =>
  typeof x === "number" && Number.isFinite(Math.fround(x));

/** What errors say behind a number that is finite, but in float32 is not, or is 0. */
export const lostIn32 = (x: unknown): string =>
  Number.isFinite(x) && !heldIn32(x) ? `, which is ${Math.fround(x as number)} in float32` : "";

/** A number that becomes neither an infinity nor, unless it is 0, a 0. */
export const heldIn32 = (x: unknown): x is number => isFloat32(x) && (x === 0 || Math.fround(x) !== 0);

/** Whether all are finite. */
export function allFinite(values: Float32Array): boolean {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return false;
  return true;
}
