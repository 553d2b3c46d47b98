/**
 * The WebAssembly instructions that programs need: names of the text format, and their numbers.
 *
 *   "i32.add"              0x6a        written 6a
 *   "f32x4.add"            0xfd_0e4    written fd e4 01: a prefix, then twelve bits in LEB128
 *   "f32x4.relaxed_madd"   0xfd_105    written fd 85 02
 *
 * WebAssembly Core Specification 3, "Instructions"; the relaxed ones need an engine that has them (features.ts).
 */
import type { ByteWriter } from "./encoder.ts";

export type InstructionName = keyof typeof instructions;

export function writeInstruction(out: ByteWriter, name: InstructionName): void {
  const number = instructions[name];
  if (number < 0x100) {
    out.byte(number);
  } else {
    out.byte(number >> 12);
    out.unsigned(number & 0xfff);
  }
}

export const instructions = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  select: 0x1b,
  "local.get": 0x20,
  "local.set": 0x21,
  "local.tee": 0x22,
  "memory.fill": 0xfc_00b,

  "i32.load": 0x28,
  "i32.store": 0x36,
  "i32.const": 0x41,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.le_s": 0x4c,
  "i32.ge_s": 0x4e,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_u": 0x6e,
  "i32.rem_u": 0x70,
  "i32.and": 0x71,
  "i32.shl": 0x74,

  "v128.load": 0xfd_000,
  "v128.load32_splat": 0xfd_009,
  "v128.store": 0xfd_00b,
  "v128.store32_lane": 0xfd_05a,
  "v128.const": 0xfd_00c,
  "v128.and": 0xfd_04e,
  "v128.or": 0xfd_050,
  "v128.xor": 0xfd_051,
  "v128.bitselect": 0xfd_052,
  "v128.any_true": 0xfd_053,
  "i8x16.shuffle": 0xfd_00d,

  "i32x4.splat": 0xfd_011,
  "i32x4.shl": 0xfd_0ab,
  "i32x4.shr_s": 0xfd_0ac,
  "i32x4.shr_u": 0xfd_0ad,
  "i32x4.add": 0xfd_0ae,
  "i32x4.sub": 0xfd_0b1,
  "i32x4.mul": 0xfd_0b5,
  "i32x4.trunc_sat_f32x4_s": 0xfd_0f8,

  "f32x4.eq": 0xfd_041,
  "f32x4.lt": 0xfd_043,
  "f32x4.le": 0xfd_045,
  "f32x4.floor": 0xfd_068,
  "f32x4.abs": 0xfd_0e0,
  "f32x4.neg": 0xfd_0e1,
  "f32x4.sqrt": 0xfd_0e3,
  "f32x4.add": 0xfd_0e4,
  "f32x4.sub": 0xfd_0e5,
  "f32x4.mul": 0xfd_0e6,
  "f32x4.div": 0xfd_0e7,
  "f32x4.pmin": 0xfd_0ea,
  "f32x4.pmax": 0xfd_0eb,
  "f32x4.convert_i32x4_s": 0xfd_0fa,
  "f32x4.relaxed_madd": 0xfd_105,
} as const;
