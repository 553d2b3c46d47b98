/**
 * A program as a WebAssembly module, byte by byte, without a toolchain.
 *
 *   (module
 *     (import "env" "memory" (memory 1 65536 shared))     or (memory 0)
 *     (func $step (param i32 i32) ...)
 *     (export "step" (func $step)))
 *
 * Strict: every multiply-add is f32x4.mul, then f32x4.add, the same bits on every machine and engine.
 * Relaxed: f32x4.relaxed_madd, one rounding where the machine can (features.ts says whether the engine knows it).
 */
import { invariant } from "../../../errors.ts";
import type { Program, ProgramFunction } from "../../plan/program.ts";
import { type Callee, FunctionBody } from "./body.ts";
import { ByteWriter } from "./encoder.ts";
import { printStatements } from "./statements.ts";

export interface WasmOptions {
  /** Fused multiply-add, where the machine has it. */
  readonly relaxed: boolean;
  /** Whether the imported memory `env.memory` is a shared one (with a maximum). */
  readonly shared: boolean;
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const functionType = 0x60;
const int32 = 0x7f;
const memoryKind = 0x02;
const functionKind = 0x00;
const largestMemory = 65536; // pages of 64 KiB

/** The module of a program with four lanes; it exports every exported function. */
export function renderWasm(program: Program, options: WasmOptions): Uint8Array<ArrayBuffer> {
  invariant(program.lanes === 4, `wasm: a vector has 4 lanes, not ${program.lanes}`);
  const { functions } = program;
  const arities = [...new Set(functions.map(({ parameters }) => parameters.length))];
  const bodies = printBodies(functions, options.relaxed);
  const module = new ByteWriter();
  module.append(header);
  module.section(section.type, (out) => out.vector(arities, writeType));
  module.section(section.import, (out) => out.vector([options.shared], writeMemory));
  module.section(section.function, (out) =>
    out.vector(functions, (_, { parameters }) => out.unsigned(arities.indexOf(parameters.length))),
  );
  module.section(section.export, (out) =>
    out.vector(functions.filter(isExported), (_, exported) => {
      out.name(exported.name);
      out.byte(functionKind);
      out.unsigned(functions.indexOf(exported));
    }),
  );
  module.section(section.code, (out) => out.vector(bodies, (_, body) => out.block(body)));
  return module.toBytes();
}

function printBodies(functions: readonly ProgramFunction[], relaxed: boolean): readonly Uint8Array[] {
  const callees = new Map<string, Callee>();
  return functions.map((source, index) => {
    invariant(!callees.has(source.name), `wasm: a program has one function "${source.name}"`);
    const body = new FunctionBody(source, { relaxed, callees });
    printStatements(source.body, body);
    body.emit("end");
    callees.set(source.name, { index, parameters: source.parameters.length });
    return body.finish();
  });
}

/** So many ints, no result. */
function writeType(out: ByteWriter, parameters: number): void {
  out.byte(functionType);
  out.vector(new Array<number>(parameters).fill(int32), (_, type) => out.byte(type));
  out.unsigned(0);
}

function writeMemory(out: ByteWriter, shared: boolean): void {
  out.name("env");
  out.name("memory");
  out.byte(memoryKind);
  out.append(shared ? [0x03, 1] : [0x00, 0]);
  if (shared) out.unsigned(largestMemory);
}

const isExported = (source: ProgramFunction): boolean => source.exported;
