/**
 * Turn: the two outer axes of an array exchanged, on its way between the host, which is batch-major, and the kernels,
 * which are time-major. `turn(from, to, outer, inner, fromOuter, fromInner, toOuter, toInner, bytes)` copies `bytes`
 * bytes for each pair of indices; the strides are in bytes too.
 */
import type { Expression, ProgramFunction } from "../program.ts";
import { floatBytes } from "./addresses.ts";
import { int, load, loadInt, local, plus, quotient, times, Writer } from "./ir.ts";

const inputs = ["from", "to", "outer", "inner", "fromOuter", "fromInner", "toOuter", "toInner", "bytes"];

export function lowerTurn(lanes: number): ProgramFunction {
  const writer = new Writer();
  const wide = lanes * floatBytes;
  const whole = writer.set(times(quotient(local("bytes"), int(wide)), int(wide)), "int");
  const at = (side: "source" | "target", byte: Expression): Expression => plus(local(side), byte);
  writer.loop(int(0), local("outer"), 1, (index) => {
    writer.assign("source", plus(local("from"), times(index, local("fromOuter"))), "int");
    writer.assign("target", plus(local("to"), times(index, local("toOuter"))), "int");
    writer.loop(int(0), local("inner"), 1, () => {
      writer.loop(int(0), whole, wide, (byte) =>
        writer.push({
          kind: "store",
          address: at("target", byte),
          offset: 0,
          value: load(at("source", byte)),
        }),
      );
      writer.loop(whole, local("bytes"), floatBytes, (byte) =>
        writer.push({
          kind: "storeInt",
          address: at("target", byte),
          offset: 0,
          value: loadInt(at("source", byte)),
        }),
      );
      writer.assign("source", plus(local("source"), local("fromInner")), "int");
      writer.assign("target", plus(local("target"), local("toInner")), "int");
    });
  });
  return writer.finish("turn", inputs, true);
}
