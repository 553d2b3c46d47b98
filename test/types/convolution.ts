/** Which convolutions and poolings look ahead, and what they take. */
import {
  averagePooling1d,
  type CausalModel,
  conv1d,
  delayTaps,
  dense,
  globalAveragePooling1d,
  input,
  lstm,
  type ModelThatLooksAhead,
  maxPooling1d,
  type Signal,
  sequential,
} from "unroll-rnn";
import { same } from "./same.ts";

type Causal = "causal";
type Ahead = "looks ahead";
declare const someNumber: number;
declare const somePadding: "causal" | "same";

export function directions(): void {
  const series = input({ shape: [null, 4] });
  const size = { filters: 6, kernelSize: 3 } as const;
  same<Signal<"sequence", 6, Ahead>>()(conv1d(size)(series));
  same<Signal<"sequence", 6, Ahead>>()(conv1d({ ...size, padding: "same" })(series));
  same<Signal<"sequence", 6, Causal>>()(conv1d({ ...size, padding: "causal" })(series));
  same<Signal<"sequence", 6, Causal>>()(conv1d({ ...size, padding: "causal", strides: 1 })(series));
  same<Signal<"sequence", 6, Ahead>>()(conv1d({ ...size, padding: "causal", strides: 2 })(series));
  same<Signal<"sequence", 6, Causal | Ahead>>()(conv1d({ ...size, padding: somePadding })(series));
  same<Signal<"sequence", 6, Causal | Ahead>>()(
    conv1d({ ...size, padding: "causal", strides: someNumber })(series),
  );
  same<Signal<"sequence", 4, Ahead>>()(maxPooling1d()(series));
  same<Signal<"sequence", 4, Ahead>>()(averagePooling1d({ poolSize: 3 })(series));
  same<Signal<"vector", 4, Ahead>>()(globalAveragePooling1d()(series));
  same<Signal<"sequence", number, Causal>>()(delayTaps({ taps: 3 })(series));
}

export function models(): void {
  const series = input({ shape: [null, 4] });
  same<CausalModel<Signal<"sequence", 4, Causal>, Signal<"vector", 2, Causal>>>()(
    sequential(series, conv1d({ filters: 3, kernelSize: 2, padding: "causal" }), lstm({ units: 2 })),
  );
  same<ModelThatLooksAhead<Signal<"sequence", 4, Causal>, Signal<"vector", 1, Ahead>>>()(
    sequential(series, conv1d({ filters: 3, kernelSize: 2 }), globalAveragePooling1d(), dense({ units: 1 })),
  );
  // @ts-expect-error a model that looks ahead has no sessions
  sequential(series, conv1d({ filters: 3, kernelSize: 2 })).session();
}

export function mistakes(): void {
  const series = input({ shape: [null, 4] });
  // @ts-expect-error kernelSize is missing
  conv1d({ filters: 3 });
  // @ts-expect-error causal
  conv1d({ filters: 3, kernelSize: 2, padding: "casual" });
  // @ts-expect-error pooling is not causal
  maxPooling1d({ padding: "causal" });
  // @ts-expect-error units is an option of other layers
  conv1d({ units: 3, kernelSize: 2 });
  // @ts-expect-error a vector has no steps
  conv1d({ filters: 3, kernelSize: 2 })(lstm({ units: 2 })(series));
  // @ts-expect-error poolSize
  averagePooling1d({ size: 2 });
}
