/** A line an epoch: the only thing that training prints, and only when asked to or in a terminal. */
import type { Callback } from "./callbacks.ts";

/**
 *   epoch  3/10   loss 0.1234   mae 0.2801   valLoss 0.1422   1.2 s
 */
export function progress(epochs: number, print: (line: string) => void): Callback {
  let began = 0;
  return {
    onEpochBegin: () => {
      began = performance.now();
    },
    onEpochEnd: ({ epoch, logs }) => {
      const number = String(epoch + 1).padStart(String(epochs).length);
      const figures = Object.entries(logs).map(([name, figure]) => `${name} ${shown(figure)}`);
      const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`;
      print([`epoch ${number}/${epochs}`, ...figures, seconds].join("   "));
    },
  };
}

/** Whether what is printed goes to a terminal; never in a page. */
export function inTerminal(): boolean {
  const { process } = globalThis as { readonly process?: { readonly stdout?: { readonly isTTY?: boolean } } };
  return process?.stdout?.isTTY === true;
}

const shown = (figure: number): string =>
  Math.abs(figure) >= 1e-3 || figure === 0 ? figure.toFixed(4) : figure.toExponential(3);
