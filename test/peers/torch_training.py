"""Twenty steps of torch.optim.SGD with momentum, in float64: the loss of each, and the weights behind the last."""

import torch
from torch.nn import functional as F

from draws import chance, choice, some_lengths, whole
from fixture import grid
from torch_cases import GATES, Shape, inside, leaf, module_of, recurrent_weights, run

STEPS = 20
BATCHES = 4  # one after the other, from the first again


def training_case(rng):
    kind, both, sequences = choice(rng, list(GATES)), chance(rng, 0.3), chance(rng)
    loss = choice(rng, ["meanSquaredError", "sparseCategoricalCrossentropy"])
    shape = Shape(whole(rng, 2, 5), whole(rng, 2, 8), whole(rng, 1, 6), whole(rng, 1, 9), layers=whole(rng, 1, 2),
                  bias=choice(rng, ["none", "single", "double"]), given=False, lengths=None, finals=False)
    ways, classes = 1 + both, whole(rng, 2, 5)
    recurrent = recurrent_weights(rng, kind, shape, both)
    dense = [leaf(grid(rng, size, -0.75, 0.75)) for size in [(ways * shape.units, classes), (classes,)]]
    weights = [w for layer in recurrent for w in layer] + dense
    begun = [w.detach().clone() for w in weights]
    batches = [batch(rng, shape, loss, classes, sequences) for _ in range(BATCHES)]
    options = {"learningRate": choice(rng, [0.01, 0.05, 0.1]), "momentum": choice(rng, [0.5, 0.9]),
               "nesterov": chance(rng)}
    optimizer = torch.optim.SGD(weights, options["learningRate"], options["momentum"], nesterov=options["nesterov"])
    module, losses = module_of(kind, shape, both), []
    for step in range(STEPS):
        optimizer.zero_grad()
        one = batches[step % BATCHES]
        value = loss_of(kind, module, recurrent, dense, one, loss, sequences, ways)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    words = ["bidirectional"] * both + [kind, f"units {shape.units}", f"layers {shape.layers}", f"bias {shape.bias}",
             "every step" if sequences else "last step", loss, *(f"{key} {value}" for key, value in options.items())]
    return {"name": " ".join(words), "kind": kind, "both": both, "layers": shape.layers, "units": shape.units,
            "bias": shape.bias, "sequences": sequences, "classes": classes, "loss": loss, "optimizer": options,
            "weights": begun, "batches": batches, "losses": losses, "after": [w.detach() for w in weights]}


def batch(rng, shape, loss, classes, sequences):
    """An input with rows of several lengths, and targets for every step or for each row."""
    size = shape.batch, shape.steps
    lengths = some_lengths(rng, *size)
    real = inside(lengths, *size)
    x = grid(rng, (*size, shape.features), -2, 2) * real
    axes = size if sequences else (shape.batch,)
    y = rng.integers(0, classes, axes) if loss.startswith("sparse") else grid(rng, (*axes, classes))
    return {"lengths": lengths, "real": real[..., 0], "x": x, "y": y}


def loss_of(kind, module, recurrent, dense, one, loss, sequences, ways):
    """The mean over all real steps, or over the rows."""
    outputs, final = run(kind, module, recurrent, torch.tensor(one["x"]), None, one["lengths"])
    real = torch.tensor(one["real"])
    last = torch.cat([state["h"] for state in final[-ways:]], dim=-1)
    seen, y = (outputs[real], torch.tensor(one["y"])[real]) if sequences else (last, torch.tensor(one["y"]))
    predicted = seen @ dense[0] + dense[1]
    return F.cross_entropy(predicted, y) if loss.startswith("sparse") else F.mse_loss(predicted, y)
