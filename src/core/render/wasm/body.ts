/**
 * The body of one function while it is printed: its locals and its code.
 *
 *   body.get("n", "int")        local.get 0      a parameter
 *   body.emit("i32.add")        i32.add
 *   body.set("acc", "vector")   local.set 3      a first mention takes the next index
 *
 * A name has one type throughout a function, and one that is read is also set somewhere.
 */
import { invariant } from "../../../errors.ts";
import type { ProgramFunction, ValueType } from "../../plan/program.ts";
import { ByteWriter } from "./encoder.ts";
import { type InstructionName, writeInstruction } from "./instructions.ts";

const valueTypes: { readonly [K in ValueType]: number } = { int: 0x7f, vector: 0x7b, integers: 0x7b };

interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** What a body has to know about the functions it may call. */
export interface Callee {
  readonly index: number;
  readonly parameters: number;
}

export interface BodyOptions {
  readonly relaxed: boolean;
  readonly callees: ReadonlyMap<string, Callee>;
}

export class FunctionBody {
  readonly name: string;
  readonly options: BodyOptions;
  readonly #parameters: number;
  readonly #code: ByteWriter = new ByteWriter();
  readonly #locals: Map<string, Local> = new Map();
  readonly #written: Set<string> = new Set();
  #scratch = 0;

  constructor(source: ProgramFunction, options: BodyOptions) {
    this.name = source.name;
    this.options = options;
    this.#parameters = source.parameters.length;
    for (const parameter of source.parameters) {
      invariant(!this.#locals.has(parameter), `wasm: ${source.name} has one parameter "${parameter}"`);
      this.#write(parameter, "int");
    }
  }

  /** An instruction; its immediates are unsigned. */
  emit(name: InstructionName, ...immediates: readonly number[]): void {
    writeInstruction(this.#code, name);
    for (const immediate of immediates) this.#code.unsigned(immediate);
  }

  /** A load or a store of 4-byte alignment. */
  access(name: InstructionName, offset: number, ...immediates: readonly number[]): void {
    this.emit(name, 2, offset, ...immediates);
  }

  int(value: number): void {
    this.emit("i32.const");
    this.#code.signed(value);
  }

  /** A vector constant of 16 bytes, also the immediate of a shuffle. */
  bytes(name: "v128.const" | "i8x16.shuffle", bytes: Uint8Array): void {
    invariant(bytes.length === 16, "wasm: a vector has 16 bytes");
    this.emit(name);
    this.#code.append(bytes);
  }

  get(name: string, type: ValueType): void {
    this.emit("local.get", this.#local(name, type).index);
  }

  set(name: string, type: ValueType): void {
    this.emit("local.set", this.#write(name, type));
  }

  tee(name: string, type: ValueType): void {
    this.emit("local.tee", this.#write(name, type));
  }

  /** Calls `use` with the name of a local of the printer's own, set before it is read; nested calls get others. */
  withScratch(type: ValueType, use: (name: string) => void): void {
    this.#scratch += 1;
    use(`#${type} ${this.#scratch}`);
    this.#scratch -= 1;
  }

  /** The entry of the code section: the locals behind the parameters, then the code. */
  finish(): Uint8Array {
    for (const name of this.#locals.keys()) {
      invariant(this.#written.has(name), `wasm: "${name}" is set before it is read in ${this.name}`);
    }
    const entry = new ByteWriter();
    entry.vector([...this.#locals.values()].slice(this.#parameters), (writer, { type }) => {
      writer.unsigned(1);
      writer.byte(valueTypes[type]);
    });
    entry.append(this.#code.toBytes());
    return entry.toBytes();
  }

  #write(name: string, type: ValueType): number {
    this.#written.add(name);
    return this.#local(name, type).index;
  }

  #local(name: string, type: ValueType): Local {
    const known = this.#locals.get(name) ?? { index: this.#locals.size, type };
    invariant(
      known.type === type,
      `wasm: "${name}" has one type in ${this.name}, not ${known.type} and ${type}`,
    );
    this.#locals.set(name, known);
    return known;
  }
}
