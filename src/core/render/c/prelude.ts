/**
 * What stands before the functions of a program: the types of the language of programs, access to the memory, and
 * one small helper an operation. Generic by vector extensions; machine.ts has better forms for some machines.
 */
import { type MachineOperation, machineForms } from "./machine.ts";

export function printPrelude(lanes: number): readonly string[] {
  const machine = Object.keys(generic) as MachineOperation[];
  return [
    ...types(lanes),
    ...select,
    ...machine.flatMap((operation) => printHelper(operation, lanes)),
    ...helpers,
    `INLINE integers laneIndex(void) { return (integers){${each(lanes, (k) => `${k}`)}}; }`,
    ...acrossLanes(lanes),
  ];
}

function types(lanes: number): readonly string[] {
  const bytes = 4 * lanes;
  return [
    ...compiler,
    "#include <stdint.h>",
    "#if defined(__aarch64__)",
    "#include <arm_neon.h>",
    "#endif",
    "#define INLINE static inline __attribute__((always_inline, unused))",
    ...kernels,
    ...keep,
    "#ifndef __has_builtin",
    "#define __has_builtin(name) 0",
    "#endif",
    `typedef float vector __attribute__((vector_size(${bytes})));`,
    `typedef int32_t integers __attribute__((vector_size(${bytes})));`,
    `typedef uint32_t naturals __attribute__((vector_size(${bytes})));`,
    // in memory: any multiple of four bytes, any type
    `typedef float vectorThere __attribute__((vector_size(${bytes}), aligned(4), may_alias));`,
    "typedef float floatThere __attribute__((aligned(4), may_alias));",
    "typedef uint32_t natural __attribute__((aligned(4), may_alias));",
    "#define LOAD(address, offset) (*(const vectorThere *)(memory + (address) + (offset)))",
    "#define LOAD_FLOAT(address, offset) (*(const floatThere *)(memory + (address) + (offset)))",
    "#define LOAD_INT(address, offset) ((int64_t)*(const natural *)(memory + (address) + (offset)))",
    "#define STORE(address, offset) (*(vectorThere *)(memory + (address) + (offset)))",
    "#define STORE_INT(address, offset) (*(natural *)(memory + (address) + (offset)))",
    `INLINE vector splat(float a) { return (vector){${each(lanes, () => "a")}}; }`,
    `INLINE integers integer(uint32_t a) { return (integers)(naturals){${each(lanes, () => "a")}}; }`,
    "INLINE vector constant(uint32_t bits) { return (vector)integer(bits); }",
  ];
}

/**
 * Kernels are compiled one by one. What gcc 12 concludes about one from what another does is wrong at times: it took
 * kernels that store whole vectors for functions without effect, and dropped their calls.
 */
const kernels: readonly string[] = [
  "#if defined(__GNUC__) && !defined(__clang__)",
  "#define KERNEL static __attribute__((noipa, unused))",
  "#else",
  "#define KERNEL static __attribute__((noinline, unused))",
  "#endif",
];

/**
 * What is loaded into a local is loaded once. gcc takes a weight of a tile from memory again at each of its
 * multiply-adds where it can, and the ports for loads become what a tile of four rows waits for.
 */
const keep: readonly string[] = [
  "#if defined(__AVX512F__)",
  '#define KEEP(value) __asm__("" : "+v"(value))',
  "#elif defined(__AVX__)",
  '#define KEEP(value) __asm__("" : "+x"(value))',
  "#else",
  "#define KEEP(value)",
  "#endif",
];

/**
 * gcc alone reads its pragma. Its search for common subexpressions across blocks keeps the constants of exp and tanh in
 * registers throughout a function, and spills accumulators for them (LSTM 64, 128: 3 vector reloads instead of 172).
 */
const compiler: readonly string[] = [
  "#if defined(__GNUC__) && !defined(__clang__)",
  '#pragma GCC optimize("no-gcse", "no-math-errno")',
  "#endif",
];

/** What the helpers of the operations that machines know take, and what they give where none does. */
const generic: { readonly [K in MachineOperation]: readonly [string, (lanes: number) => string] } = {
  multiplyAdd: ["vector a, vector b, vector c", lanewise((k) => `__builtin_fmaf(a[${k}], b[${k}], c[${k}])`)],
  squareRoot: ["vector a", lanewise((k) => `__builtin_sqrtf(a[${k}])`)],
  roundDown: ["vector a", lanewise((k) => `__builtin_floorf(a[${k}])`)],
  smaller: ["vector a, vector b", () => "select(b < a, b, a)"],
  larger: ["vector a, vector b", () => "select(a < b, b, a)"],
};

function lanewise(lane: (k: number) => string): (lanes: number) => string {
  return (lanes) => `(vector){${each(lanes, lane)}}`;
}

function printHelper(operation: MachineOperation, lanes: number): readonly string[] {
  const [parameters, otherwise] = generic[operation];
  const forms = machineForms(operation, lanes);
  const define = (value: string): string => `INLINE vector ${operation}(${parameters}) { return ${value}; }`;
  if (forms.length === 0) return [define(otherwise(lanes))];
  return [
    ...forms.flatMap(({ when, value }, k) => [`#${k === 0 ? "if" : "elif"} ${when}`, define(value)]),
    "#else",
    define(otherwise(lanes)),
    "#endif",
  ];
}

/** In parts, since where one side is zero the compiler needs only one of them. */
const select: readonly string[] = [
  "INLINE vector select(integers mask, vector a, vector b) {",
  "  return (vector)((mask & (integers)a) | (~mask & (integers)b));",
  "}",
];

const helpers: readonly string[] = `
INLINE int64_t quotientOf(int64_t a, int64_t b) { return (uint32_t)a / (uint32_t)b; }
INLINE int64_t remainderOf(int64_t a, int64_t b) { return (uint32_t)a % (uint32_t)b; }
INLINE int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t shiftLeft(int64_t a, int64_t by) { return (int64_t)((uint64_t)a << (by & 31)); }
INLINE vector absolute(vector a) { return (vector)((integers)a & 0x7fffffff); }
INLINE vector toFloat(integers a) { return __builtin_convertvector(a, vector); }
INLINE integers less(vector a, vector b) { return (integers)(a < b); }
INLINE integers lessEqual(vector a, vector b) { return (integers)(a <= b); }
INLINE integers equal(vector a, vector b) { return (integers)(a == b); }
INLINE integers addInteger(integers a, integers b) { return (integers)((naturals)a + (naturals)b); }
INLINE integers subInteger(integers a, integers b) { return (integers)((naturals)a - (naturals)b); }
INLINE integers mulInteger(integers a, integers b) { return (integers)((naturals)a * (naturals)b); }
INLINE integers left(integers a, int by) { return (integers)((naturals)a << by); }
INLINE integers right(integers a, int by) { return a >> by; }
INLINE integers rightUnsigned(integers a, int by) { return (integers)((naturals)a >> by); }
INLINE integers toInteger(vector a) {
  const integers low = a < splat(-0x1p31f), high = a >= splat(0x1p31f), inside = (a == a) & ~(low | high);
  const integers whole = __builtin_convertvector((vector)((integers)a & inside), integers);
  return whole | (low & (integers)integer(0x80000000)) | (high & 0x7fffffff);
}`
  .trim()
  .split("\n");

/** Halved until one lane is left, lane k with lane k + half; then that one goes into every lane. */
function acrossLanes(lanes: number): readonly string[] {
  const halves = Array.from({ length: 31 - Math.clz32(lanes) }, (_, k) => lanes >> (k + 1));
  const fold = (value: (half: number) => string): string => halves.map(value).join(" ");
  const larger = (half: number): string => `a = larger(a, SWAP_${half}(a));`;
  return [
    ...halves.flatMap((half) => {
      const order = each(lanes, (k) => `${k ^ half}`);
      return [
        "#if defined(__clang__)",
        `#define SWAP_${half}(a) __builtin_shufflevector(a, a, ${order})`,
        "#else",
        `#define SWAP_${half}(a) __builtin_shuffle(a, (integers){${order}})`,
        "#endif",
      ];
    }),
    `INLINE vector addAcrossLanes(vector a) { ${fold((half) => `a = a + SWAP_${half}(a);`)} return splat(a[0]); }`,
    `INLINE vector maxAcrossLanes(vector a) { ${fold(larger)} return splat(a[0]); }`,
    `INLINE int anyTrue(integers a) { ${fold((half) => `a = a | SWAP_${half}(a);`)} return a[0] != 0; }`,
  ];
}

const each = (lanes: number, lane: (k: number) => string): string =>
  Array.from({ length: lanes }, (_, k) => lane(k)).join(", ");
