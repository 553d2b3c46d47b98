"""Twenty steps of every optimizer and schedule of Keras 3, in float64, for test/parity/optimizers.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_optimizers.py

Every case starts from the same two weights ([3, 2] and [2]) and gets the same twenty pairs of gradients;
those of step 8 are all zero. Options have Unroll's names; `null` in the defaults means: not used.
"""

from keras_names import NAMES, OPTIMIZERS, exactly, optimizer_of  # first: chooses the backend of Keras

import keras
import numpy as np

from fixture import grid, write

STEPS = 20
VARIANTS = [
    ("sgd", {"learningRate": 0.1}),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9}),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("rmsprop", {"learningRate": 0.02}),
    ("rmsprop", {"learningRate": 0.02, "rho": 0.8, "momentum": 0.5}),
    ("rmsprop", {"learningRate": 0.02, "centered": True, "epsilon": 1e-5}),
    ("adagrad", {"learningRate": 0.1, "initialAccumulatorValue": 0.25}),
    ("adadelta", {"learningRate": 1.0, "rho": 0.9, "epsilon": 1e-6}),
    ("adam", {"learningRate": 0.05}),
    ("adam", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "amsgrad": True}),
    ("adamw", {"learningRate": 0.05, "weightDecay": 0.1}),
    ("nadam", {"learningRate": 0.05}),
]
EXTRAS = [{"clipNorm": 0.75}, {"globalClipNorm": 0.75}, {"clipValue": 0.25}, {"weightDecay": 0.02}]
SCHEDULED = [
    ("exponentialDecay", {"initialLearningRate": 0.1, "decaySteps": 4, "decayRate": 0.5}),
    ("exponentialDecay", {"initialLearningRate": 0.1, "decaySteps": 4, "decayRate": 0.5, "staircase": True}),
    ("cosineDecay", {"initialLearningRate": 0.1, "decaySteps": 12}),
    ("cosineDecay", {"initialLearningRate": 0.1, "decaySteps": 12, "alpha": 0.1}),
    ("cosineDecay", {"initialLearningRate": 0.01, "decaySteps": 10, "warmupTarget": 0.2, "warmupSteps": 5}),
    ("piecewiseConstantDecay", {"boundaries": [3, 10], "values": [0.1, 0.05, 0.01]}),
]


def start():
    """Weights and gradients on the grid; the gradients shrink, so that clipping acts on some steps only."""
    rng = np.random.default_rng(7)
    shapes = [(3, 2), (2,)]
    gradients = [[grid(rng, shape, -2, 2) / 2 ** (step // 4) for shape in shapes] for step in range(STEPS)]
    gradients[7] = [np.zeros(shape) for shape in shapes]
    return [grid(rng, shape) for shape in shapes], gradients


def trajectory(name, options, schedule, weights, gradients):
    optimizer = optimizer_of(name, options, schedule)
    variables = [keras.Variable(value, dtype="float64") for value in weights]
    optimizer.build(variables)
    rates, after = [], []
    for gradient in gradients:
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.convert_to_tensor(g, dtype="float64") for g in gradient], variables)
        after.append([np.asarray(v.value) for v in variables])
    assert all(v.value.dtype == np.float64 for v in optimizer.variables if "iteration" not in v.path)
    words = [f"{key} {value}" for key, value in ((schedule or {}) | options).items() if key != "name"]
    title = [name] + ([schedule["name"]] if schedule else []) + (words or ["defaults"])
    case = {"name": ", ".join(title), "optimizer": name, "options": options, "schedule": schedule}
    return case | ({"learningRates": rates} if schedule else {}) | {"weights": after}


def all_cases(weights, gradients):
    for name in OPTIMIZERS:
        yield trajectory(name, {}, None, weights, gradients)
    for name, options in VARIANTS:
        yield trajectory(name, options, None, weights, gradients)
        for extra in EXTRAS:
            yield trajectory(name, options | extra, None, weights, gradients)
    for name, options in SCHEDULED:
        yield trajectory("sgd", {}, {"name": name} | options, weights, gradients)
    yield trajectory("adam", {}, {"name": SCHEDULED[4][0]} | SCHEDULED[4][1], weights, gradients)


def defaults(name):
    config = optimizer_of(name, {}).get_config()
    return {ours: config[theirs] for ours, theirs in NAMES.items() if theirs in config}


if __name__ == "__main__":
    exactly()
    weights, gradients = start()
    header = {"made": {"keras": keras.__version__}, "defaults": {name: defaults(name) for name in OPTIMIZERS},
              "weights": weights, "gradients": gradients}
    write("optimizers.json", header, {"cases": list(all_cases(weights, gradients))})
