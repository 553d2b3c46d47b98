/** Small programs written by hand, and a machine that runs them: for the tests of the renderers. */
import type {
  Expression,
  IntegersOperator,
  IntOperator,
  Program,
  ProgramFunction,
  Statement,
  ValueType,
  VectorOperator,
} from "../src/core/plan/program.ts";
import { renderWasm, type WasmOptions } from "../src/core/render/wasm/wasm.ts";

type Place = Expression | number;
const address = (place: Place): Expression => (typeof place === "number" ? int(place) : place);

export const int = (value: number): Expression => ({ kind: "int", value });
export const local = (name: string, type: ValueType = "int"): Expression => ({ kind: "local", name, type });
export const load = (place: Place, offset = 0): Expression => ({
  kind: "load",
  address: address(place),
  offset,
});
export const ints = (op: IntOperator, a: Expression, b: Expression): Expression => ({
  kind: "intOperation",
  op,
  inputs: [a, b],
});
export const vector = (op: VectorOperator, ...inputs: readonly Expression[]): Expression => ({
  kind: "vector",
  op,
  inputs,
});
export const integers = (op: IntegersOperator, ...inputs: readonly Expression[]): Expression => ({
  kind: "integers",
  op,
  inputs,
});

export const set = (name: string, value: Expression, type: ValueType = "int"): Statement => ({
  kind: "set",
  name,
  type,
  value,
});
export const store = (place: Place, value: Expression, offset = 0): Statement => ({
  kind: "store",
  address: address(place),
  offset,
  value,
});
export const storeInt = (place: Place, value: Expression, offset = 0): Statement => ({
  kind: "storeInt",
  address: address(place),
  offset,
  value,
});
export const loop = (
  name: string,
  [from, until, step]: readonly [Expression, Expression, number],
  body: readonly Statement[],
): Statement => ({ kind: "for", name, from, until, step, body });
export const branch = (
  condition: Expression,
  then: readonly Statement[],
  otherwise?: readonly Statement[],
): Statement => ({ kind: "if", condition, then, ...(otherwise ? { otherwise } : {}) });

export const main = (body: readonly Statement[], parameters: readonly string[] = []): ProgramFunction => ({
  name: "main",
  parameters,
  body,
  exported: true,
});
export const programOf = (...functions: readonly ProgramFunction[]): Program => ({ lanes: 4, functions });

export interface Machine {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
  readonly call: (name: string, ...inputs: readonly number[]) => void;
}

/** A program in the WebAssembly engine at hand, on two pages of memory. Throws where its module is not valid. */
export function machine(program: Program, options: WasmOptions): Machine {
  const size = options.shared ? { initial: 2, maximum: 1000, shared: true } : { initial: 2 };
  const memory = new WebAssembly.Memory(size);
  const module = new WebAssembly.Module(renderWasm(program, options));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    floats: new Float32Array(memory.buffer),
    integers: new Int32Array(memory.buffer),
    call: (name, ...inputs) => {
      const callable = exports[name];
      if (typeof callable !== "function") throw new Error(`no export "${name}"`);
      callable(...inputs);
    },
  };
}

/** Runs statements once, with floats (or, as Int32Array, integers) from byte 0 on. */
export function run(
  body: readonly Statement[],
  inputs: readonly number[] | Int32Array = [],
  options: WasmOptions = { relaxed: false, shared: false },
): Machine {
  const ready = machine(programOf(main(body)), options);
  (inputs instanceof Int32Array ? ready.integers : ready.floats).set(inputs);
  ready.call("main");
  return ready;
}
