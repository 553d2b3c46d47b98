/**
 * Reversing: twice is not at all, and a layer that reads from the end of a sequence is one that reads the reversed
 * sequence from its beginning, bit for bit, each row turned at its own length.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { rows } from "../../src/core/graph/nodes.ts";
import { reverse } from "../../src/core/graph/operators.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { type Network, networkOf } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import { type Ragged, ragged } from "../../src/nn/model/ragged.ts";
import { sequential } from "../../src/nn/models.ts";
import { computationOf, lengthsOf } from "../conformance/cases.ts";
import { devices } from "../conformance/devices.ts";
import { reals, roughened } from "../sessions.ts";
import { features, type Row, row } from "./batches.ts";

const batch = fc.array(row(), { minLength: 1, maxLength: 6 });
const turned = (all: readonly Row[]): readonly Row[] => all.map((one) => one.toReversed());
interface Options {
  readonly units: number;
  readonly goBackwards?: boolean;
  readonly returnSequences?: boolean;
}
const kinds: Readonly<Record<string, (options: Options) => unknown>> = {
  simpleRNN: (options) => simpleRNN(options),
  lstm: (options) => lstm(options),
  gru: (options) => gru(options),
};
const runs = { numRuns: 10, seed: 9 };

describe.each(devices)("on $name", ({ device: made }) => {
  const device = made();

  test("the operator, twice", () => {
    const x = parameter("x", ["time", rows, features]);
    const lengths = lengthsOf();
    const twice = reverse(reverse(x, lengths), lengths);
    const executable = device.compile(
      computationOf({ inputs: [x], outputs: [twice], lengths: { time: lengths } }),
    );
    const property = fc.property(batch, (all) => {
      const time = Math.max(1, ...all.map((one) => one.length));
      const values = Array.from({ length: all.length * time * features }, (_, k) => {
        const [k1, f] = [Math.floor(k / features), k % features];
        return all[Math.floor(k1 / time)]?.[k1 % time]?.[f] ?? 0;
      });
      const given = {
        rows: all.length,
        times: { time },
        lengths: { time: Int32Array.from(all, (one) => one.length) },
        inputs: [Float32Array.from(values)],
      };
      const [got] = executable.runNow(given, []);
      expect([...(got ?? [])]).toEqual(values);
    });
    fc.assert(property, runs);
  });

  describe.each(Object.entries(kinds))("%s", (_, layer) => {
    const modelOf = (goBackwards: boolean): Network =>
      networkOf(roughened(sequential(reals(), layer({ units: 4, goBackwards }) as Layer)));
    const run = async (network: Network, all: readonly Row[]): Promise<number[][]> => {
      const result = (await predict(network, ragged(all as never), {}, device)) as
        | Ragged
        | { readonly data: Float32Array };
      return "rows" in result
        ? result.rows.map(({ data }) => [...data])
        : all.map((__, k) => [...result.data.subarray(4 * k, 4 * k + 4)]);
    };
    test("backwards is forwards on what is turned", async () => {
      const [back, forth] = [modelOf(true), modelOf(false)];
      await fc.assert(
        fc.asyncProperty(batch, async (all) => {
          expect(await run(back, all)).toEqual(await run(forth, turned(all)));
        }),
        runs,
      );
    });
    test("two directions with the same weights, summed, do not see how a sequence is turned", async () => {
      const both = bidirectional(layer({ units: 4 }) as never, { mergeMode: "sum" });
      const network = networkOf(sequential(reals(), both as unknown as Layer));
      const half = network.variables.length / 2;
      for (const [k, { value }] of network.variables.entries())
        for (const i of value.keys()) value[i] = Math.sin(1 + (k % half) * 7 + i);
      network.version++;
      await fc.assert(
        fc.asyncProperty(batch, async (all) => {
          expect(await run(network, all)).toEqual(await run(network, turned(all)));
        }),
        runs,
      );
    });
  });
});
