import { describe, expect, test } from "vitest";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { input } from "../layers/input.ts";
import { lstm, simpleRNN } from "../layers/recurrent.ts";
import { functional, sequential } from "../models.ts";
import { add } from "../operators.ts";

describe("summary", () => {
  test("of the lecture's model is Keras's table", () => {
    const model = sequential(embedding({ inputDim: 10_000, outputDim: 32 }), simpleRNN({ units: 32 }));
    expect(model.summary()).toMatchInlineSnapshot(`
      "Model: "sequential"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
      ┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
      │ embedding_1 (Embedding)         │ (None, None, 32)       │       320,000 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ simpleRNN_1 (SimpleRNN)         │ (None, 32)             │         2,080 │
      └─────────────────────────────────┴────────────────────────┴───────────────┘
       Total params: 322,080 (1.23 MB)
       Trainable params: 322,080 (1.23 MB)
       Non-trainable params: 0 (0.00 B)"
    `);
  });
  test("of four simple layers counts 328,320", () => {
    const deep = () => simpleRNN({ units: 32, returnSequences: true });
    const model = sequential(
      embedding({ inputDim: 10_000, outputDim: 32 }),
      deep(),
      deep(),
      deep(),
      simpleRNN({ units: 32 }),
    );
    expect(model.summary()).toContain("Total params: 328,320");
    expect(model.summary()).toContain("simpleRNN_4 (SimpleRNN)");
  });
  test("of a graph says what is connected to what, and counts a shared layer once", () => {
    const x = input({ shape: [null, 3], name: "series" });
    const shared = lstm({ units: 3, returnSequences: true });
    const y = dense({ units: 1, trainable: false })(add(shared(shared(x)), x));
    expect(functional({ inputs: x, outputs: y }).summary()).toMatchInlineSnapshot(`
      "Model: "functional"
      ┏━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┓
      ┃ Layer (type)          ┃ Output Shape        ┃    Param # ┃ Connected to        ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━┩
      │ series (InputLayer)   │ (None, None, 3)     │          0 │ -                   │
      ├───────────────────────┼─────────────────────┼────────────┼─────────────────────┤
      │ lstm_1 (LSTM)         │ (None, None, 3)     │         84 │ series              │
      ├───────────────────────┼─────────────────────┼────────────┼─────────────────────┤
      │ lstm_1 (LSTM)         │ (None, None, 3)     │          0 │ lstm_1              │
      ├───────────────────────┼─────────────────────┼────────────┼─────────────────────┤
      │ add_1 (Operator)      │ (None, None, 3)     │          0 │ lstm_1, series      │
      ├───────────────────────┼─────────────────────┼────────────┼─────────────────────┤
      │ dense_1 (Dense)       │ (None, None, 1)     │          4 │ add_1               │
      └───────────────────────┴─────────────────────┴────────────┴─────────────────────┘
       Total params: 88 (352.00 B)
       Trainable params: 84 (336.00 B)
       Non-trainable params: 4 (16.00 B)"
    `);
  });
});
