/** Vectors put to other places in a row. */
import type { Expression } from "../program.ts";
import { floatBytes, type Place } from "./addresses.ts";
import { plus, type Writer } from "./ir.ts";
import { type Domain, masked } from "./kernels.ts";

/** A row to be moved. */
export interface RowAt {
  readonly writer: Writer;
  readonly domain: Domain;
  readonly step: Expression | null;
  readonly row: Expression;
}

/** Where a part goes: an address, and floats from there. */
interface Target {
  readonly address: Expression;
  readonly offset: number;
  readonly width: number;
}

/** Lanes behind the last feature are overwritten by the next part, or are padding. */
export function put(place: Place, { address, offset, width }: Target, value: Expression): void {
  const to = plus(address, place.feature);
  const bytes = offset * floatBytes;
  if (width === 1) place.writer.push({ kind: "storeFirst", address: to, offset: bytes, value });
  else
    place.writer.push({ kind: "store", address: to, offset: bytes, value: masked(place, 0, width, value) });
}
