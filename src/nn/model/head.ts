/** The distribution that an output of a network tells, where its last layer is one of heads.ts. */
import type { Distribution } from "../distributions/distribution.ts";
import { isLayer } from "../layers/layer.ts";
import type { End } from "./network.ts";

export function headOf({ symbol: { source } }: End): Distribution | null {
  if ("input" in source || !isLayer(source.call.by)) return null;
  return source.call.by.distribution ?? null;
}
