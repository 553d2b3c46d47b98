/** Whether the suites run on the native device: `npm run test:native`. Throws where there is none, and says why. */
import { nativeMissing } from "../../src/core/run/nativeDevice.ts";

export const nativeMode: boolean = process.env["UNROLL_TESTS"] === "native";

const missing = nativeMode ? nativeMissing() : null;
if (missing !== null)
  throw new Error(`These tests need the native device: ${missing.missing}. ${missing.fix}`);
