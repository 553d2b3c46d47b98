/**
 * How much memory does a device take? The arena of every device is one WebAssembly memory, which only grows: those made
 * during some work tell how much it needed (64 KiB a page, 4 MiB to spare whenever an arena grows).
 */
const { Memory } = WebAssembly;

export interface Watched<T> {
  readonly result: T;
  /** Of all memories made during the work, as they are now. */
  readonly bytes: () => number;
}

/** `work` must not run beside another work that is watched. */
export async function watched<T>(work: () => T | Promise<T>): Promise<Watched<T>> {
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  try {
    const result = await work();
    return { result, bytes: () => made.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
  } finally {
    WebAssembly.Memory = Memory;
  }
}
