/**
 * Between pieces of work others get a turn now and then (a signal, a timer, the page, what gives back the memory of
 * models that nobody has any more), however fast the pieces are: awaiting what is already there lets nobody in.
 */
const everyMilliseconds = 10;
let last = performance.now();

/** To be awaited behind each piece of work; gives a turn where the last one was long ago. */
export async function breathe(): Promise<void> {
  if (performance.now() - last < everyMilliseconds) return;
  await turn();
  last = performance.now();
}

/** Work that stands still between pieces of milliseconds. */
export type Pieces<T = void> = Generator<undefined, T>;

/** With turns for others between the pieces. */
export async function inTurns<T>(pieces: Pieces<T>): Promise<T> {
  let piece = pieces.next();
  for (; !piece.done; piece = pieces.next()) await breathe();
  return piece.value;
}

export function atOnce<T>(pieces: Pieces<T>): T {
  let piece = pieces.next();
  while (!piece.done) piece = pieces.next();
  return piece.value;
}

/** By a message, since a page that nobody looks at has its timers slowed down to one a second or a minute. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
