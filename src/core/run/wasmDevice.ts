/** The WebAssembly device. */
import { UnrollError } from "../../errors.ts";
import { relaxedSimdSupported, simdSupported } from "../render/wasm/features.ts";
import { type ArenaOptions, arenaDevice, type Surroundings } from "./arenaDevice.ts";
import type { Device } from "./device.ts";
import { canShare, cores, prepareEngine } from "./host.ts";
import { startThread } from "./startThread.ts";
import { wasmBackend } from "./wasmBackend.ts";

export interface WasmOptions extends ArenaOptions {
  /** Without relaxed instructions: the same bits on every machine and engine. Default: false. */
  readonly strict?: boolean;
}

const host = (): Surroundings => ({ shared: canShare(), startThread });

/** Throws an UnrollError where the engine has no SIMD. `where`: default, what the host offers. */
export function wasmDevice(options: WasmOptions = {}, where: Surroundings = host()): Device {
  const facts = wasmFacts(options, where.shared);
  const backend = wasmBackend(facts.mode === "relaxed", options.tuning);
  return arenaDevice(options, { ...where, ...facts, backend });
}

export interface WasmFacts {
  /** Relaxed: with fused multiply-adds. */
  readonly mode: "relaxed" | "strict";
  /** Threads, the calling one included. */
  readonly threads: number;
  readonly description: string;
}

/** What these options come to on this engine. Throws an UnrollError where it has no SIMD. */
export function wasmFacts(options: WasmOptions, shared: boolean): WasmFacts {
  prepareEngine();
  if (!simdSupported()) throw noSimd();
  const threads = shared ? Math.max(1, options.threads ?? cores()) : 1;
  const mode = options.strict !== true && relaxedSimdSupported() ? "relaxed" : "strict";
  const description = `WebAssembly, ${mode} SIMD, ${threadsText(threads)}`;
  return { mode, threads, description };
}

export const threadsText = (threads: number): string => `${threads} ${threads === 1 ? "thread" : "threads"}`;

function noSimd(): UnrollError {
  return new UnrollError({
    where: 'setDevice("wasm")',
    expected: "an engine with WebAssembly SIMD",
    got: "one without",
    fix: 'Use Node 20.19 or later or a current browser, or setDevice("reference").',
  });
}
