/**
 * Between steps others get a turn now and then (a signal, a timer, the page), however fast the steps are: awaiting what
 * is already there lets nobody in.
 */
const everyMilliseconds = 50;

/** A function to await between steps. */
export function breath(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < everyMilliseconds) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    last = performance.now();
  };
}
