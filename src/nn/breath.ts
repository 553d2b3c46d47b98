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
