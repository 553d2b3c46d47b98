/** `#native` in a browser: no compiler. */
import type { Compiler, Missing } from "./compiler.ts";

export function findCompiler(): Compiler | Missing {
  return { missing: "a browser runs no native code", fix: 'Use setDevice("wasm").' };
}

export function compiledLibrary(_source: string): string {
  throw new Error("nothing is compiled where there is no compiler");
}
