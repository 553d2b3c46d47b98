/**
 * Bytes of a WebAssembly module: a growable buffer, LEB128 numbers, length-prefixed names and sections.
 *
 *   unsigned(300)   ac 02
 *   signed(-2)      7e
 *   name("add")     03 61 64 64
 *   section(1, x)   01 <length of x> x
 *
 * WebAssembly Core Specification, "Binary Format".
 */
import { invariant } from "../../../errors.ts";

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What has been written, as a copy. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  append(bytes: Uint8Array | readonly number[]): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Unsigned LEB128 of an integer in [0, 2^32). */
  unsigned(value: number): void {
    invariant(value >>> 0 === value, `wasm: ${value} is an unsigned 32-bit integer`);
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer; one in [2^31, 2^32) is taken for the negative number with its bits. */
  signed(value: number): void {
    invariant(value >>> 0 === value || (value | 0) === value, `wasm: ${value} is a 32-bit integer`);
    let rest = value | 0;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** A length in bytes, then the bytes. */
  block(bytes: Uint8Array): void {
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  name(text: string): void {
    this.block(new TextEncoder().encode(text));
  }

  /** A count, then every item. */
  vector<T>(items: readonly T[], write: (writer: ByteWriter, item: T) => void): void {
    this.unsigned(items.length);
    for (const item of items) write(this, item);
  }

  section(id: number, write: (content: ByteWriter) => void): void {
    const content = new ByteWriter();
    write(content);
    this.byte(id);
    this.block(content.toBytes());
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
