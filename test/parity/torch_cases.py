"""Recurrent layers and losses of PyTorch, in float64, for test/parity/torch.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/torch_cases.py

Weights, inputs, states and coefficients are multiples of 1/32, so float32 and float64 readers start from the
same numbers. The weights of the file have Keras's layout and gate order; they become PyTorch's inside the
differentiated function, so the gradients come out in Keras's layout too. The loss of a layer case is
sum(outputs * coefficients.outputs) + sum(finalStates * coefficients.finalStates).
Steps behind the end of a sequence are zero in input, outputs and coefficients.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fixture import grid, write

GATES = {"simpleRNN": 1, "lstm": 4, "gru": 3}
MODULES = {"simpleRNN": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


class Shape(NamedTuple):
    """What makes a layer case. Its first fields, by their names, are its title."""
    batch: int
    steps: int
    features: int
    units: int
    layers: int
    bias: str
    given: bool  # first states
    lengths: list | None
    finals: bool  # coefficients on the final states
    projection: int | None = None
    largest: float = 0.75  # of the weights

    @property
    def output(self):
        return self.projection or self.units


SHAPES = [
    (1, 1, 1, 1, 1, "single", False, None, True),
    (2, 3, 2, 3, 1, "double", False, None, True),
    (3, 4, 3, 4, 1, "none", True, None, True),
    (4, 5, 5, 5, 1, "single", True, [5, 2, 4, 1], True),
    (2, 7, 4, 6, 1, "double", True, [3, 7], True),
    (3, 6, 1, 3, 1, "single", False, [2, 6, 6], False),
    (1, 7, 5, 1, 1, "double", False, None, False),
    (4, 2, 3, 2, 1, "none", False, [1, 2, 1, 2], False),
    (2, 4, 3, 4, 2, "single", False, None, True),
    (3, 5, 2, 3, 2, "double", True, [5, 1, 3], True),
    (2, 3, 4, 5, 2, "none", True, None, False),
    (1, 6, 2, 4, 3, "single", True, None, True),
    (4, 4, 1, 3, 3, "double", False, [4, 3, 1, 2], True),
]
BIDIRECTIONAL = [
    (2, 4, 3, 3, 1, "single", False, None, True),
    (3, 5, 2, 4, 1, "double", False, [3, 5, 1], True),
    (1, 3, 5, 1, 1, "none", False, None, False),
    (4, 6, 1, 5, 1, "single", True, [6, 2, 3, 5], True),
]


def leaf(values):
    return torch.tensor(values, dtype=torch.double, requires_grad=True)


def torch_order(kind, matrix):
    """Keras's [.., gates * units] to PyTorch's [gates * units, ..]; the GRU's z, r, n becomes r, z, n."""
    if kind == "gru":
        z, r, n = matrix.chunk(3, dim=-1)
        matrix = torch.cat([r, z, n], dim=-1)
    return matrix.movedim(-1, 0)


def torch_weights(kind, weights, bias, projected):
    """One layer's (or direction's) kernel, recurrentKernel, bias and projectionKernel as PyTorch's flat list."""
    kernel, recurrent, *rest = weights
    flat = [torch_order(kind, kernel), torch_order(kind, recurrent)]
    if bias == "double":
        flat += [torch_order(kind, rest[0][0]), torch_order(kind, rest[0][1])]
    elif bias == "single":
        flat += [torch_order(kind, rest[0]), torch.zeros_like(rest[0])]
    return flat + ([rest[-1].movedim(-1, 0)] if projected else [])


def layer_weights(rng, kind, features, shape):
    width = GATES[kind] * shape.units
    shapes = [(features, width), (shape.output, width)]
    shapes += {"none": [], "single": [(width,)], "double": [(2, width)]}[shape.bias]
    shapes += [(shape.units, shape.projection)] if shape.projection else []
    return [leaf(grid(rng, size, -shape.largest, shape.largest)) for size in shapes]


def module_of(kind, shape, both, **options):
    """`run` gives it its weights."""
    options |= {"proj_size": shape.projection} if shape.projection else {}
    return MODULES[kind](shape.features, shape.units, shape.layers, bias=shape.bias != "none", batch_first=True,
                         bidirectional=both, dtype=torch.double, **options)


def run(kind, module, weights, x, states, lengths):
    """Outputs (zero behind the end) and the final states, one record a layer or direction."""
    bias = "none" if not module.bias else "double" if weights[0][2].dim() == 2 else "single"
    module._flat_weights = [w for layer in weights for w in torch_weights(kind, layer, bias, module.proj_size > 0)]
    given = None
    if states is not None:
        stacked = [torch.stack([state[name] for state in states]) for name in states[0]]
        given = tuple(stacked) if kind == "lstm" else stacked[0]
    if lengths is None:
        outputs, final = module(x, given)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        outputs, final = module(packed, given)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
    final = dict(zip("hc", final)) if kind == "lstm" else {"h": final}
    return outputs, [{name: final[name][k] for name in final} for k in range(len(weights))]


def inside(lengths, batch, steps):
    """[batch, steps, 1]: whether a row has a step. No lengths: all."""
    ends = np.array(lengths or [steps] * batch)
    return np.arange(steps)[None, :, None] < ends[:, None, None]


def recurrent_weights(rng, kind, shape, both):
    """Of each layer, or of each direction of each."""
    ways = 2 if both else 1
    widths = [shape.features if k < ways else ways * shape.output for k in range(ways * shape.layers)]
    return [layer_weights(rng, kind, width, shape) for width in widths]


def draw(rng, kind, shape, both):
    """The numbers a layer case begins with."""
    size = shape.batch, shape.steps
    real = inside(shape.lengths, *size)
    sizes = {"h": shape.output, "c": shape.units} if kind == "lstm" else {"h": shape.output}
    weights = recurrent_weights(rng, kind, shape, both)
    records = lambda: [{name: grid(rng, (shape.batch, width)) for name, width in sizes.items()} for _ in weights]
    x = leaf(grid(rng, (*size, shape.features), -2, 2) * real)
    states = [{name: leaf(value) for name, value in s.items()} for s in records()] if shape.given else None
    outputs = grid(rng, (*size, (2 if both else 1) * shape.output)) * real
    return weights, x, states, {"outputs": outputs, "finalStates": records() if shape.finals else None}


def over(records, value):
    """`value` of every state in the records of states; null stays null."""
    return records and [{name: value(state[name]) for name in state} for state in records]


def gradient(start):
    return torch.zeros_like(start) if start.grad is None else start.grad


def title(kind, shape, activation, both):
    words = ["bidirectional"] * both + [kind] + ["relu"] * (activation == "relu")
    words += [f"{name} {size}" for name, size in zip(shape._fields[:6], shape)]
    words += [f"projection {shape.projection}"] if shape.projection else []
    return " ".join(words + ["given states"] * shape.given + ["lengths"] * (shape.lengths is not None))


def layer_case(seed, kind, shape, activation="tanh", both=False):
    weights, x, states, coefficients = draw(np.random.default_rng(seed), kind, shape, both)
    module = module_of(kind, shape, both, **({"nonlinearity": activation} if kind == "simpleRNN" else {}))
    outputs, final = run(kind, module, weights, x, states, shape.lengths)
    loss = (outputs * torch.tensor(coefficients["outputs"])).sum()
    for state, wanted in zip(final, coefficients["finalStates"] or []):
        loss = loss + sum((state[name] * torch.tensor(wanted[name])).sum() for name in state)
    loss.backward()

    options = {"units": shape.units, "activation": activation, "bias": shape.bias}
    options |= {"resetAfter": True} if kind == "gru" else {}
    options |= {"projection": shape.projection} if shape.projection else {}
    options |= {"layer": kind, "mergeMode": "concat"} if both else {}
    options |= {"layers": shape.layers} if not both or shape.layers > 1 else {}
    return {
        "name": title(kind, shape, activation, both),
        "kind": "bidirectional" if both else kind,
        "options": options,
        "input": x.detach(),
        "lengths": shape.lengths,
        "initialStates": over(states, torch.Tensor.detach),
        "weights": [[w.detach() for w in layer] for layer in weights],
        "coefficients": coefficients,
        "outputs": outputs.detach(),
        "finalStates": over(final, torch.Tensor.detach),
        "gradients": {
            "weights": [[gradient(w) for w in layer] for layer in weights],
            "input": gradient(x),
            "initialStates": over(states, gradient),
        },
    }


def elementwise(each):
    """Keras's view of a regression loss: the mean over the last axis is the loss of one sample."""
    return lambda predictions, targets: each(predictions, targets, reduction="none").mean(dim=-1)


def sparse(predictions, targets, ignore=-100):
    losses = F.cross_entropy(predictions.reshape(-1, predictions.shape[-1]), targets.reshape(-1).long(),
                             reduction="none", ignore_index=ignore)
    return losses.reshape(targets.shape)


def categorical(predictions, targets):
    return -(targets * F.log_softmax(predictions, dim=-1)).sum(dim=-1)


LOSSES = {
    "meanSquaredError": (elementwise(F.mse_loss), {}),
    "meanAbsoluteError": (elementwise(F.l1_loss), {}),
    "huber": (elementwise(F.huber_loss), {"delta": 1}),
    "binaryCrossentropy": (elementwise(F.binary_cross_entropy), {"fromLogits": False}),
    "binaryCrossentropy logits": (elementwise(F.binary_cross_entropy_with_logits), {"fromLogits": True}),
    "sparseCategoricalCrossentropy": (sparse, {"fromLogits": True}),
    "sparseCategoricalCrossentropy ignored": (sparse, {"fromLogits": True, "ignoreClass": 2}),
    "categoricalCrossentropy": (categorical, {"fromLogits": True}),
}


def loss_values(rng, name, shape):
    """Predictions and targets; targets of regressions lie between the grid's points, away from every kink."""
    if name == "binaryCrossentropy":
        return grid(rng, shape, 1 / 32, 1), rng.integers(0, 2, shape).astype(float)
    predictions = grid(rng, shape, -3, 3)
    if name.startswith("binary"):
        return predictions, rng.integers(0, 2, shape).astype(float)
    if name.startswith("sparse"):
        classes = rng.integers(0, shape[-1], shape[:-1])
        classes.flat[1] = 2  # at least one sample of the class that some cases ignore
        if (classes == 2).all():
            classes.flat[0] = 0  # and one of another
        return predictions, classes
    if name.startswith("categorical"):
        return predictions, np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    return predictions, grid(rng, shape, -3, 3) + 1 / 64


def loss_case(seed, name, shape, weighted):
    """The loss is sum(weight * loss) / N over samples; N counts those whose class is not ignored."""
    rng = np.random.default_rng(seed)
    values, targets = loss_values(rng, name, shape)
    rows = {"none": None, "sample": shape[:-1], "row": shape[:1]}[weighted]
    weights = rows and grid(rng, rows, 0, 2)
    each, options = LOSSES[name]
    ignored = options.get("ignoreClass")
    predictions = leaf(values)
    losses = each(predictions, torch.tensor(targets), *([] if ignored is None else [ignored]))
    count = losses.numel() if ignored is None else int((targets != ignored).sum())
    if weights is not None:
        losses = losses * torch.tensor(weights).reshape(weights.shape + (1,) * (losses.dim() - weights.ndim))
    loss = losses.sum() / count
    loss.backward()
    return {
        "name": f"{name} {'x'.join(map(str, shape))} weights {weighted}",
        "kind": "loss",
        "options": {"loss": name.split()[0]} | options,
        "input": values,
        "targets": targets,
        "sampleWeight": weights,
        "outputs": loss.item(),
        "gradients": {"input": predictions.grad},
    }


def all_cases():
    variants = [("simpleRNN", "tanh"), ("simpleRNN", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
    for v, (kind, activation) in enumerate(variants):
        for s, shape in enumerate(SHAPES):
            yield layer_case(1000 * (v + 1) + s, kind, Shape(*shape), activation)
        for s, shape in enumerate(BIDIRECTIONAL if activation == "tanh" else []):
            yield layer_case(1000 * (v + 1) + 500 + s, kind, Shape(*shape), both=True)
    for s, name in enumerate(LOSSES):
        for k, (shape, weighted) in enumerate([((4, 3), "none"), ((4, 3), "sample"), ((3, 2, 4), "sample"),
                                               ((3, 2, 4), "row")]):
            yield loss_case(9000 + 10 * s + k, name, shape, weighted)


if __name__ == "__main__":
    header = {"made": {"torch": torch.__version__.split("+")[0]}}
    write("torch.json", header, {"cases": list(all_cases())})
