/** What the types of linear recurrences, and of slstm, let pass. */
import { dense, input, lru, minGRU, minLSTM, type Signal, sequential, slstm, sru } from "unroll-rnn";
import { same } from "./same.ts";

export function linearRecurrences(): void {
  const series = input({ shape: [null, 4] });
  same<Signal<"sequence", 8, "causal">>()(minGRU({ units: 8, returnSequences: true })(series));
  same<Signal<"vector", 8, "causal">>()(minLSTM({ units: 8, form: "log" })(series));
  same<Signal<"sequence", 8, "looks ahead">>()(
    sru({ units: 8, goBackwards: true, returnSequences: true })(series),
  );
  same<Signal<"vector", 8, "causal">>()(lru({ units: 8, returnState: true })(series).im);
  same<Signal<"vector", 8, "causal">>()(slstm({ units: 8, heads: 2, returnState: true })(series).output);
  sequential(series, sru({ units: 8, returnSequences: true }), lru({ units: 8 }), dense({ units: 1 }));
  minGRU({ units: 8, recurrentDropout: 0 });
  lru({ units: 8, nuLogInitializer: "zeros", outputKernelRegularizer: "l2", recurrentDropout: 0.1 });
  // @ts-expect-error no state enters a product
  minGRU({ units: 8, recurrentDropout: 0.1 });
  // @ts-expect-error one product has one bias
  minLSTM({ units: 8, bias: "double" });
  // @ts-expect-error form, not from
  minGRU({ units: 8, from: "log" });
  // @ts-expect-error there is no kernel for the state
  minGRU({ units: 8, recurrentInitializer: "zeros" });
  // @ts-expect-error stateUnits, not stateSize
  lru({ units: 8, stateSize: 4 });
  // @ts-expect-error sigmoid or exp
  slstm({ units: 8, forgetGate: "tanh" });
  // @ts-expect-error a sequence is wanted, a vector comes
  sequential(series, slstm({ units: 8 }), sru({ units: 8 }));
}
