"""Recurrent layers of PyTorch's equations with the masks given, in float64: dropout of inputs and states, zoneout.

torch.nn drops between layers only, so each step is written with torch.nn.functional. What is drawn is part of a case,
by the name and the salt of our layer (test/parity/measure.ts): a number is dropped where what is drawn for it is below
the rate, and the others are divided by 1 - rate; under zoneout it keeps its old value instead.
"""

import torch
from torch.nn import functional as F

from draws import chance, choice, some_lengths, whole
from fixture import grid
from torch_cases import Shape, inside, layer_weights, torch_weights
from torch_models import ended, model_case

RATES = [0.1, 0.25, 0.5]


def stepped(kind, weights, x, state, mask):
    """The states after a step; `mask` goes to the state where it enters a product, and nowhere else."""
    seen = state["h"] * mask
    if kind == "simpleRNN":
        return {"h": torch.rnn_tanh_cell(x, seen, *weights)}
    if kind == "lstm":
        return dict(zip("hc", torch.lstm_cell(x, (seen, state["c"]), *weights)))
    kernel, recurrent, *biases = weights
    of_input, of_state = (F.linear(*each).chunk(3, dim=-1)
                          for each in zip((x, seen), (kernel, recurrent), biases or (None, None)))
    r, z = (torch.sigmoid(of_input[k] + of_state[k]) for k in range(2))
    n = torch.tanh(of_input[2] + r * of_state[2])
    return {"h": (1 - z) * n + z * state["h"]}


def turned(x, lengths):
    """Each row from its last step to its first."""
    steps = torch.arange(x.shape[1])
    ends = torch.tensor(lengths or [x.shape[1]] * x.shape[0])[:, None]
    places = torch.where(steps < ends, ends - 1 - steps, steps)
    return x.gather(1, places[..., None].expand(x.shape))


class Masks:
    """Draws for the layer or the direction of this name, and remembers what was drawn."""

    def __init__(self, rng, name, drawn):
        self.rng, self.name, self.drawn = rng, name, drawn

    def draw(self, salt, rate, *shape):
        """Booleans, one in so many of them true."""
        values = self.drawn[f"{self.name}/{salt}"] = grid(self.rng, shape, 0, 1)
        return torch.tensor(values < rate)

    def scale(self, salt, rate, *shape):
        """What is multiplied by: 0 or 1 / (1 - rate); 1 where nothing is dropped."""
        kept = ~self.draw(salt, rate, *shape) if rate else torch.ones(shape, dtype=torch.bool)
        return kept.double() / (1 - rate)


def directed(kind, weights, x, lengths, options, masks):
    """All steps of one direction; behind its end a row keeps its states."""
    batch, steps, features = x.shape
    units = options["units"]
    x = x * masks.scale("dropout", options["dropout"], batch, features)[:, None]
    mask = masks.scale("recurrentDropout/h", options["recurrentDropout"], batch, units)
    state = {name: torch.zeros(batch, units, dtype=torch.double) for name in ("hc" if kind == "lstm" else "h")}
    rate = options["zoneout"]
    keeps = {name: masks.draw(f"zoneout/{name}", rate, batch, steps, units) for name in state} if rate else {}
    real, outputs = torch.tensor(inside(lengths, batch, steps)), []
    for t in range(steps):
        after = stepped(kind, weights, x[:, t], state, mask)
        for name in keeps:
            after[name] = torch.where(keeps[name][:, t], state[name], after[name])
        state = {name: torch.where(real[:, t], after[name], state[name]) for name in state}
        outputs.append(state["h"])
    return torch.stack(outputs, dim=1)


def recurrent(rng, name, kind, x, lengths, drawn, both):
    """The layer as we write it, its weights, and what it gives."""
    bias = choice(rng, ["none", "single", "double"])
    rates = {key: choice(rng, [0, *RATES]) for key in ("dropout", "recurrentDropout", "zoneout")}
    options = {"units": whole(rng, 1, 9), "bias": bias, "returnSequences": True} | rates
    shape = Shape(0, 0, x.shape[-1], options["units"], 1, bias, False, None, False)
    weights, outputs = [], []
    for way in ("forward", "backward") if both else ("",):
        own = layer_weights(rng, kind, x.shape[-1], shape)
        masks = Masks(rng, f"{name}/{way}" if way else name, drawn)
        turn = (lambda y: turned(y, lengths)) if way == "backward" else (lambda y: y)
        outputs.append(turn(directed(kind, torch_weights(kind, own, bias, False), turn(x), lengths, options, masks)))
        weights += own
    return {"type": kind, "options": options}, weights, torch.cat(outputs, dim=-1)


def dropout_case(rng):
    kind = choice(rng, ["simpleRNN", "lstm", "gru"])
    both = chance(rng, 0.3)
    batch, steps = whole(rng, 1, 5), whole(rng, 1, 8)
    lengths = some_lengths(rng, batch, steps)
    x = y = ended(rng, lengths, (batch, steps, whole(rng, 1, 7)))
    layers, weights, drawn = [], [], {}
    for k in range(whole(rng, 1, 2)):
        rate = choice(rng, RATES)
        layers.append({"type": "dropout", "options": {"rate": rate}})
        y = y * Masks(rng, f"dropout_{k + 1}", drawn).scale("dropout", rate, *y.shape)
        name = f"{'bidirectional' if both else kind}_{k + 1}"
        spec, own, y = recurrent(rng, name, kind, y, lengths, drawn, both)
        layers.append({"type": "bidirectional", "options": {}, "layer": spec} if both else spec)
        weights += own
    return model_case(rng, layers, x, weights, y, lengths, drawn)
