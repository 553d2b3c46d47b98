/** What runs programs on an arena: the WebAssembly engine, or code that the machine's own compiler has made. */
import type { Program } from "../plan/program.ts";
import type { Target } from "../plan/target.ts";
import type { Arena } from "./arena.ts";

/** What another thread needs to make a program ready for itself; can be posted to it. */
export type Code =
  | { readonly kind: "wasm"; readonly module: WebAssembly.Module; readonly names: readonly string[] }
  | { readonly kind: "native"; readonly library: string };

export interface Backend {
  readonly name: "wasm" | "native";
  readonly target: Target;
  readonly compile: (program: Program, arena: Arena) => Code;
}
