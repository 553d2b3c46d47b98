/**
 * Claims about types, checked by `tsc` alone: nothing here is ever called. A positive claim is
 * `same<Expected>()(value)`, a negative one a line under `@ts-expect-error`, itself an error once the mistake compiles.
 */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The type of `value` is exactly A. */
export declare function same<A>(): <B>(
  value: B,
  ...proof: Equal<A, B> extends true ? [] : ["the types differ", B]
) => void;
