/** The library where nothing else is installed: it works, and says what the native device would need. */
import { expect, test } from "vitest";
import { runAlone } from "./native/process.ts";

test("without koffi there is no native device, and deviceInfo says what to install", async () => {
  const { code, out, err } = await runAlone(`
    try { unroll.setDevice("native"); } catch (error) { console.log(error.message); }
    console.log(JSON.stringify(await unroll.deviceInfo()));`);
  expect([code, err]).toEqual([0, ""]);
  const [error = "", info = ""] = out.split("\n");
  expect(error).toMatch(
    /^device "native": .*got the package "koffi" is not installed\. Run: npm install koffi$/,
  );
  expect(JSON.parse(info)).toMatchObject({
    name: "wasm",
    native: {
      available: false,
      reason: 'the package "koffi" is not installed',
      fix: "Run: npm install koffi",
    },
  });
});

test("a network is trained", async () => {
  const { code, out, err } = await runAlone(`
    const model = unroll.sequential(unroll.gru({ units: 3 }), unroll.dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const { history } = await model.fit([[[1], [2]], [[2], [1]]], [[1], [0]], { epochs: 2, verbose: 0 });
    console.log(history.loss.length);`);
  expect([code, out, err]).toEqual([0, "2\n", ""]);
});
