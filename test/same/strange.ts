/**
 * A host on which nothing may be asked whose answer differs between engines, places or moments: loaded before a
 * training (`node --import`), it makes all of that throw. What Node itself uses of it was taken before.
 */
const refuse =
  (what: string): (() => never) =>
  () => {
    throw new Error(`${what} was asked`);
  };

/** The language lets an engine round these as it likes. */
const approximate = [
  "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot",
  "log log10 log1p log2 pow sin sinh tan tanh",
].flatMap((line) => line.split(" "));

const refused: readonly (readonly [owner: object, names: readonly string[]])[] = [
  [Math, [...approximate, "random"]],
  [String.prototype, ["localeCompare", "toLocaleLowerCase", "toLocaleUpperCase"]],
  [Number.prototype, ["toLocaleString"]],
  [Array.prototype, ["toLocaleString"]],
  [crypto, ["getRandomValues", "randomUUID"]],
  [globalThis, ["Date", "Intl"]],
];
for (const [owner, names] of refused) {
  for (const name of names) {
    Object.defineProperty(owner, name, { value: refuse(name), configurable: true, writable: true });
  }
}

/** A clock that jumps: who asks it whether to wait hears something else each time. */
let [now, odd] = [0, 1];
performance.now = () => {
  odd = (odd * 48271) % 2147483647;
  now += odd % 100;
  return now;
};
