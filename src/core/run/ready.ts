/** Code made ready on the thread at hand. */
import { invariant } from "../../errors.ts";
import type { Code } from "./backend.ts";
import { builtin } from "./host.ts";
import { type Exported, type RunList, runTasks } from "./tasks.ts";

export function ready(code: Code, memory: WebAssembly.Memory): RunList {
  return code.kind === "wasm" ? wasmList(code, memory) : nativeList(code, memory);
}

type CodeOf<K extends Code["kind"]> = Extract<Code, { readonly kind: K }>;

function wasmList({ module, names }: CodeOf<"wasm">, memory: WebAssembly.Memory): RunList {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = names.map((name) => exports[name] as Exported);
  let ints = new Int32Array(memory.buffer);
  return (start, count) => {
    if (ints.buffer !== memory.buffer) ints = new Int32Array(memory.buffer); // the memory has grown
    runTasks(ints, start, count, functions);
  };
}

/** Memory that is shared stays where it is when it grows. */
function nativeList({ library }: CodeOf<"native">, memory: WebAssembly.Memory): RunList {
  const calls = foreignCalls();
  invariant(calls !== null, "device: native code is made where it can be called");
  const run = calls.load(library).func("void runList(void *memory, int start, int count)");
  const bytes = new Uint8Array(memory.buffer);
  return (start, count) => {
    run(bytes, start, count);
  };
}

/** What is used of koffi. */
interface ForeignCalls {
  load(path: string): { func(prototype: string): (...inputs: readonly unknown[]) => unknown };
}

/** The library that calls C, or null where it is not installed. */
export function foreignCalls(): ForeignCalls | null {
  try {
    return (builtin("node:module")?.createRequire(import.meta.url)("koffi") as ForeignCalls) ?? null;
  } catch {
    return null;
  }
}
