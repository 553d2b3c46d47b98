"""Cases of PyTorch, drawn anew, in float64: asked with a seed and how many of each kind, answers with lists of them.

    {"seed": 1, "counts": {"layers": 200, "losses": 80}}  ->  {"made": "2.13.0", "layers": [...], "losses": [...]}

Layers, losses and CTC are those of test/parity, with sizes drawn; torch_models.py and torch_training.py have the rest.
Every kind has random numbers of its own: how many there are of one changes none of the others.
"""

import math

import numpy as np
import torch

from draws import chance, choice, some_lengths, whole
from fixture import answer
from torch_cases import LOSSES, Shape, layer_case, loss_case
from torch_ctc import case as ctc_case
from torch_dropout import dropout_case
from torch_models import attention_case, convolution_case
from torch_training import training_case


def layer(rng):
    """One in six is large enough for whole vectors, several tiles and a rest."""
    kind, activation = choice(rng, [("simpleRNN", "tanh"), ("simpleRNN", "relu"), ("lstm", "tanh"), ("gru", "tanh")])
    large = chance(rng, 1 / 6) and activation != "relu"
    batch, steps, features = whole(rng, 1, 6), whole(rng, 1, 24 if large else 9), whole(rng, 1, 19 if large else 7)
    units = whole(rng, 10, 40) if large else whole(rng, 1, 9)
    projected = kind == "lstm" and units > 1 and chance(rng, 0.3)
    shape = Shape(batch, steps, features, units, layers=choice(rng, [1, 1, 2, 3]),
                  bias=choice(rng, ["none", "single", "double"]), given=chance(rng),
                  lengths=some_lengths(rng, batch, steps), finals=chance(rng, 0.7),
                  projection=whole(rng, 1, units - 1) if projected else None,
                  largest=min(24, int(64 / math.sqrt(units))) / 32)
    return layer_case(whole(rng, 0, 2**31), kind, shape, activation, both=chance(rng, 0.3))


def loss(rng):
    """At least two samples and three classes: see loss_values."""
    axes = whole(rng, 1, 2)
    shape = (*(whole(rng, 2, 6) for _ in range(axes)), whole(rng, 3, 11))
    weighted = choice(rng, ["none", "sample"] + ["row"] * (axes == 2))
    return loss_case(whole(rng, 0, 2**31), choice(rng, list(LOSSES)), shape, weighted)


def ctc(rng):
    """As many frames as the labels need, a blank between equal ones, and some more."""
    classes = whole(rng, 2, 11)
    blank = whole(rng, 0, classes - 1)
    others = [label for label in range(classes) if label != blank]
    labels = [[choice(rng, others) for _ in range(whole(rng, 0, 7))] for _ in range(whole(rng, 1, 4))]
    needed = [len(row) + sum(a == b for a, b in zip(row, row[1:])) for row in labels]
    lengths = [max(1, least + whole(rng, 0, 5)) for least in needed]
    return ctc_case(whole(rng, 0, 2**31), lengths, labels, classes, blank, whole(rng, 1, 20))


KINDS = {"layers": layer, "losses": loss, "ctc": ctc, "attention": attention_case, "convolution": convolution_case,
         "dropout": dropout_case, "training": training_case}


def asked(question):
    made = {"made": torch.__version__.split("+")[0]}
    for kind, count in question["counts"].items():
        rng = np.random.default_rng([question["seed"], list(KINDS).index(kind)])
        made[kind] = [KINDS[kind](rng) for _ in range(count)]
    return made


if __name__ == "__main__":
    answer(asked)
