"""LSTM layers with proj_size of PyTorch, in float64, for test/parity/projection.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/torch_projection.py

The cases look as those of torch_cases.py do; the projection's kernel stands behind the biases, [units, projection].
"""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fixture import grid, write
from torch_cases import gradient, leaf, over, torch_order

# batch, steps, features, units, projection, bias, given first states, lengths, coefficients on the final states
SHAPES = [
    (1, 1, 1, 2, 1, "single", False, None, True),
    (2, 3, 2, 4, 3, "double", True, None, True),
    (3, 5, 3, 5, 2, "none", False, [5, 2, 4], True),
    (4, 6, 2, 9, 4, "single", True, [1, 6, 3, 6], False),
    (2, 7, 4, 6, 5, "double", False, [7, 3], True),
    (3, 4, 1, 3, 1, "none", True, None, True),
]


def drawn_weights(rng, features, units, projection, bias):
    shapes = [(features, 4 * units), (projection, 4 * units)]
    shapes += {"none": [], "single": [(4 * units,)], "double": [(2, 4 * units)]}[bias]
    return [leaf(grid(rng, shape, -0.75, 0.75)) for shape in shapes + [(units, projection)]]


def flat(weights):
    """PyTorch's order: W_ih, W_hh, b_ih, b_hh, W_hr."""
    kernel, recurrent, *bias, projection = weights
    made = [torch_order("lstm", kernel), torch_order("lstm", recurrent)]
    if bias and bias[0].dim() == 2:
        made += [torch_order("lstm", bias[0][0]), torch_order("lstm", bias[0][1])]
    elif bias:
        made += [torch_order("lstm", bias[0]), torch.zeros_like(bias[0])]
    return made + [projection.movedim(-1, 0)]


def run(module, weights, x, states, lengths):
    module._flat_weights = flat(weights)
    given = None if states is None else tuple(states[name][None] for name in "hc")
    if lengths is None:
        outputs, final = module(x, given)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        outputs, final = module(packed, given)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
    return outputs, {name: state[0] for name, state in zip("hc", final)}


def case(seed, shape):
    batch, steps, features, units, projection, bias, given, lengths, use_final = shape
    rng = np.random.default_rng(seed)
    inside = np.arange(steps)[None, :, None] < np.array(lengths or [steps] * batch)[:, None, None]
    widths = {"h": projection, "c": units}
    record = lambda: {name: grid(rng, (batch, width)) for name, width in widths.items()}
    weights = drawn_weights(rng, features, units, projection, bias)
    x = leaf(grid(rng, (batch, steps, features), -2, 2) * inside)
    states = {name: leaf(value) for name, value in record().items()} if given else None
    coefficients = {
        "outputs": grid(rng, (batch, steps, projection)) * inside,
        "finalStates": [record()] if use_final else None,
    }
    module = torch.nn.LSTM(features, units, bias=bias != "none", batch_first=True, proj_size=projection,
                           dtype=torch.double)
    outputs, final = run(module, weights, x, states, lengths)
    loss = (outputs * torch.tensor(coefficients["outputs"])).sum()
    for wanted in coefficients["finalStates"] or []:
        loss = loss + sum((final[name] * torch.tensor(wanted[name])).sum() for name in final)
    loss.backward()
    words = zip(["batch", "steps", "features", "units", "projection", "bias"], shape)
    return {
        "name": " ".join(["lstm"] + [f"{name} {size}" for name, size in words]
                         + ["given states"] * given + ["lengths"] * (lengths is not None)),
        "kind": "lstm",
        "options": {"units": units, "projection": projection, "bias": bias, "layers": 1},
        "input": x.detach(),
        "lengths": lengths,
        "initialStates": over(states and [states], torch.Tensor.detach),
        "weights": [[weight.detach() for weight in weights]],
        "coefficients": coefficients,
        "outputs": outputs.detach(),
        "finalStates": over([final], torch.Tensor.detach),
        "gradients": {
            "weights": [[gradient(weight) for weight in weights]],
            "input": gradient(x),
            "initialStates": over(states and [states], gradient),
        },
    }


if __name__ == "__main__":
    header = {"made": {"torch": torch.__version__.split("+")[0]}}
    write("projection.json", header, {"cases": [case(7000 + k, shape) for k, shape in enumerate(SHAPES)]})
