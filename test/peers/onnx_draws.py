"""What ONNX Runtime makes of models with one operator, RNN, LSTM or GRU, drawn anew: in float32, all it computes in.

    {"seed": 1, "count": 144}  ->  {"made": "1.31.1", "cases": [...]}

A case has everything as the operator has it: its attributes, its inputs by their names (null: not given), its outputs.
Not drawn, since our layers have no such thing: `clip`, `input_forget`, and activations of a slope of their own; nor
`layout` 1, which ONNX Runtime refuses.
"""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from draws import chance, choice, some_lengths, whole
from fixture import answer, grid

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
OUTPUTS = {"RNN": ["Y", "Y_h"], "LSTM": ["Y", "Y_h", "Y_c"], "GRU": ["Y", "Y_h"]}
INPUTS = {"RNN": ["X", "W", "R", "B", "sequence_lens", "initial_h"],
          "GRU": ["X", "W", "R", "B", "sequence_lens", "initial_h"],
          "LSTM": ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]}
OPSET, IR = 22, 10
ACTIVATIONS = ["Tanh", "Relu", "Sigmoid", "Softsign", "Softplus", "Elu"]
ALPHAS = {"HardSigmoid": 1 / 6, "Elu": 1.0}


def drawn_activations(rng, op, ways):
    """Gates are squashed. HardSigmoid gets Keras's slope, which is not the operator's own."""
    inner = choice(rng, ACTIVATIONS)
    gate = choice(rng, ["Sigmoid", "HardSigmoid"])
    each = {"RNN": [inner], "LSTM": [gate, inner, inner], "GRU": [gate, inner]}[op] * ways
    if "HardSigmoid" not in each:
        return {"activations": each}
    # Each activation that has an alpha takes the next one.
    alphas = [ALPHAS[name] for name in each if name in ALPHAS]
    return {"activations": each, "activation_alpha": alphas, "activation_beta": [0.5] * each.count("HardSigmoid")}


def drawn_inputs(rng, op, ways, units):
    batch, steps, features = whole(rng, 1, 6), whole(rng, 1, 12), whole(rng, 1, 9)
    width = GATES[op] * units
    values = lambda *shape: grid(rng, shape, -0.75, 0.75).astype(np.float32)
    x = grid(rng, (steps, batch, features), -2, 2).astype(np.float32)
    inputs = {"X": x, "W": values(ways, width, features), "R": values(ways, width, units)}
    lengths = some_lengths(rng, batch, steps)
    inputs |= {"B": values(ways, 2 * width)} if chance(rng, 0.7) else {}
    inputs |= {} if lengths is None else {"sequence_lens": np.array(lengths, np.int32)}
    inputs |= {"initial_h": values(ways, batch, units)} if chance(rng) else {}
    if op == "LSTM":
        inputs |= {"initial_c": values(ways, batch, units)} if "initial_h" in inputs else {}
        inputs |= {"P": values(ways, 3 * units)} if chance(rng) else {}
    return inputs


def run(op, attributes, inputs):
    dtypes = {"sequence_lens": TensorProto.INT32}
    infos = [helper.make_tensor_value_info(name, dtypes.get(name, TensorProto.FLOAT), value.shape)
             for name, value in inputs.items()]
    names = [name if name in inputs else "" for name in INPUTS[op]]
    node = helper.make_node(op, names, OUTPUTS[op], **attributes)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUTS[op]]
    model = helper.make_model(helper.make_graph([node], op, infos, outputs),
                              opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(OUTPUTS[op], session.run(None, inputs)))


def case(rng, op):
    direction = choice(rng, ["forward", "reverse", "bidirectional"])
    ways = 2 if direction == "bidirectional" else 1
    units = whole(rng, 1, 20)
    attributes = {"hidden_size": units, "direction": direction, **drawn_activations(rng, op, ways)}
    attributes |= {"linear_before_reset": whole(rng, 0, 1)} if op == "GRU" else {}
    inputs = drawn_inputs(rng, op, ways, units)
    words = [op, direction, *attributes["activations"][: len(attributes["activations"]) // ways]]
    words += ["linear_before_reset"] * attributes.get("linear_before_reset", 0)
    return {"name": " ".join(words + [f"{name} {'x'.join(map(str, value.shape))}" for name, value in inputs.items()]),
            "op": op, "attributes": attributes,
            "inputs": {name: inputs.get(name) for name in INPUTS[op]}, "outputs": run(op, attributes, inputs)}


def asked(question):
    rng = np.random.default_rng(question["seed"])
    ops = list(GATES)
    return {"made": onnxruntime.__version__, "cases": [case(rng, ops[k % 3]) for k in range(question["count"])]}


if __name__ == "__main__":
    answer(asked)
