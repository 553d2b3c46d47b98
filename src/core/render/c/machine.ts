/**
 * Operations that a machine has an instruction for and that vector extensions do not reach: forms of the prelude's
 * helpers, each with the condition of the preprocessor under which it is there; the first that holds is taken. They
 * are the compilers' builtins, since <immintrin.h> alone takes longer to read than many programs to compile.
 */
export type MachineOperation = "multiplyAdd" | "squareRoot" | "roundDown" | "smaller" | "larger";

export interface Form {
  readonly when: string;
  readonly value: string;
}

export function machineForms(operation: MachineOperation, lanes: number): readonly Form[] {
  return [
    ...(x86[lanes]?.[operation] ?? []),
    ...(arm[lanes]?.[operation] ?? []),
    ...(clang[operation] ?? []),
  ];
}

type Forms = { readonly [K in MachineOperation]?: readonly Form[] };

/** In `a < b ? a : b` of the machine, as in ours, the second input is what remains when neither is less. */
const x86: Readonly<Record<number, Forms>> = {
  16: {
    multiplyAdd: x86Form("__AVX512F__", "vfmaddps512_mask", "a, b, c, -1, 4"),
    squareRoot: x86Form("__AVX512F__", "sqrtps512_mask", "a, a, -1, 4"),
    roundDown: x86Form("__AVX512F__", "rndscaleps_mask", "a, 9, a, -1, 4"),
    smaller: x86Form("__AVX512F__", "minps512_mask", "b, a, a, -1, 4"),
    larger: x86Form("__AVX512F__", "maxps512_mask", "b, a, a, -1, 4"),
  },
  8: {
    multiplyAdd: x86Form("__FMA__", "vfmaddps256", "a, b, c"),
    squareRoot: x86Form("__AVX__", "sqrtps256", "a"),
    roundDown: x86Form("__AVX__", "roundps256", "a, 9"),
    smaller: x86Form("__AVX__", "minps256", "b, a"),
    larger: x86Form("__AVX__", "maxps256", "b, a"),
  },
  4: {
    multiplyAdd: x86Form("__FMA__", "vfmaddps", "a, b, c"),
    squareRoot: x86Form("__SSE__", "sqrtps", "a"),
    roundDown: x86Form("__SSE4_1__", "roundps", "a, 9"),
    smaller: x86Form("__SSE__", "minps", "b, a"),
    larger: x86Form("__SSE__", "maxps", "b, a"),
  },
};

function x86Form(feature: string, builtin: string, inputs: string): readonly Form[] {
  const name = `__builtin_ia32_${builtin}`;
  return [{ when: `defined(${feature}) && __has_builtin(${name})`, value: `(vector)${name}(${inputs})` }];
}

const arm: Readonly<Record<number, Forms>> = {
  4: {
    multiplyAdd: armForm("vfmaq_f32(c, a, b)"),
    squareRoot: armForm("vsqrtq_f32(a)"),
    roundDown: armForm("vrndmq_f32(a)"),
  },
};

function armForm(value: string): readonly Form[] {
  return [{ when: "defined(__aarch64__)", value: `(vector)${value}` }];
}

/** Newer clangs know some for vectors of any width. */
const clang: Forms = {
  multiplyAdd: clangForm("fma", "a, b, c"),
  squareRoot: clangForm("sqrt", "a"),
  roundDown: clangForm("floor", "a"),
};

function clangForm(name: string, inputs: string): readonly Form[] {
  const builtin = `__builtin_elementwise_${name}`;
  return [{ when: `__has_builtin(${builtin})`, value: `${builtin}(${inputs})` }];
}
