/** Whatever stands in the snapshot of a session, restoring it gives its states, or an UnrollError and the states of before. */
import { beforeAll, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import { checksum } from "../../src/nn/model/checksum.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";

interface Session {
  snapshot(): Uint8Array;
  restore(bytes: Uint8Array): void;
}
let sessions: readonly Session[] = [];
let samples: readonly Uint8Array[] = [];

beforeAll(() => {
  setDevice("reference");
  setSeed(1);
  const recurrent = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }), dense({ units: 1 }));
  const x = input({ shape: [null, 2] });
  const seen = functional({
    inputs: x,
    outputs: multiHeadAttention({ numHeads: 1, keyDim: 2, causal: true })([x, x]),
  });
  const one = recurrent.session();
  one.push([1, 2]);
  const many = recurrent.session({ batch: 3 });
  const attentive = seen.session({ maxSteps: 8 });
  attentive.push([1, 2]);
  sessions = [one, many, attentive] as unknown as readonly Session[];
  samples = sessions.map((session) => session.snapshot());
});

const words: readonly number[] = [0, 1, 2, 3, 6, 7, 0x7fffffff, 0x80000000, 0xffffffff];

/** One of the words at the beginning is another, or any bytes are; the checksum often fits. */
function changed(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = dice.oneIn(2) ? bytes.slice() : changedBytes(bytes, dice, samples);
  if (copy.length < 32) return copy;
  const view = new DataView(copy.buffer);
  if (dice.oneIn(3)) view.setUint32(4 + 4 * dice.below(5), dice.pick(words), true);
  if (dice.oneIn(3))
    view.setFloat32(24 + 4 * dice.below((copy.length - 28) >> 2), dice.pick([Number.NaN, 1e38, -0]));
  if (!dice.oneIn(4))
    view.setUint32(copy.length - 4, Number.parseInt(checksum(copy.subarray(0, -4)), 16), true);
  return copy;
}

function refuseOther(bytes: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(bytes, expected) !== 0) throw new Error("the session has other states");
}

test("mutated snapshots", async () => {
  await attack({
    name: "snapshot",
    make: (dice) => ({ session: dice.pick(sessions), bytes: changed(dice.pick(samples), dice) }),
    read: ({ session, bytes }) => {
      const before = session.snapshot();
      try {
        session.restore(bytes);
      } catch (error) {
        refuseOther(session.snapshot(), before);
        throw error;
      }
      refuseOther(session.snapshot(), bytes);
    },
    least: { values: 0.02, refused: 0.5 },
  });
});
