/** `#native` in a browser: no compiler; what a calibration chose is known until the page goes. */
import type { Compiler, Missing } from "./compiler.ts";

export function findCompiler(): Compiler | Missing {
  return { missing: "a browser runs no native code", fix: 'Use setDevice("wasm").' };
}

export function compiledLibrary(_source: string): string {
  throw new Error("nothing is compiled where there is no compiler");
}

const kept = new Map<string, string>();

export const recall = (key: string): string | null => kept.get(key) ?? null;

export function remember(key: string, text: string): string | null {
  kept.set(key, text);
  return "a page remembers nothing";
}
