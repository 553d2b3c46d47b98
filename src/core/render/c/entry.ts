/**
 * The entry of a compiled program: runs a list of tasks as run/tasks.ts writes them, each a call
 * `[function, inputs, ...values]`, with numbers too small for float32's full precision taken as zero.
 */
import type { ProgramFunction } from "../../plan/program.ts";
import { functionName } from "./scope.ts";

export function printEntry(exported: readonly ProgramFunction[]): readonly string[] {
  return [
    ...exported.flatMap(printTask),
    "",
    "static void (*const tasks[])(char *memory, const natural *inputs) = {",
    ...exported.map((_, number) => `  task_${number},`),
    "};",
    "",
    ...flushing,
    "",
    "void runList(void *memory, int32_t start, int32_t count) {",
    "  const uint64_t before = beginFlushing();",
    "  const natural *call = (const natural *)memory + start;",
    "  for (int32_t k = 0; k < count; k++) {",
    "    tasks[call[0]]((char *)memory, call + 2);",
    "    call += 2 + call[1];",
    "  }",
    "  endFlushing(before);",
    "}",
  ];
}

function printTask({ name, parameters }: ProgramFunction, number: number): readonly string[] {
  const inputs = ["memory", ...parameters.map((_, k) => `inputs[${k}]`)];
  return [
    `static void task_${number}(char *memory, const natural *inputs) {`,
    ...(parameters.length === 0 ? ["  (void)inputs;"] : []),
    `  ${functionName(name)}(${inputs.join(", ")});`,
    "}",
  ];
}

/** Sets the mode of the thread and gives back the one before: MXCSR's FTZ and DAZ, or FPCR's FZ. */
const flushing = `#if defined(__x86_64__)
static uint64_t beginFlushing(void) {
  const uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
  return before;
}
static void endFlushing(uint64_t before) { __builtin_ia32_ldmxcsr((uint32_t)before); }
#elif defined(__aarch64__)
static uint64_t beginFlushing(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before) : : "memory");
  __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)) : "memory");
  return before;
}
static void endFlushing(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory"); }
#else
static uint64_t beginFlushing(void) { return 0; }
static void endFlushing(uint64_t before) { (void)before; }
#endif`.split("\n");
