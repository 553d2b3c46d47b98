"""Convolution and pooling over time of Keras 3, in float64, for test/parity/keras-convolution.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_convolution.py

Cases as in keras_layers.py. Where padding is "same" and strides are above 1 the zeros before the beginning depend on
the number of steps, so there are several.
"""

from keras_names import exactly, layer  # first: chooses the backend of Keras

import keras
import numpy as np

from fixture import grid, write
from keras_layers import model_case


def titled(type, steps, **options):
    words = [f"{name} {value}" for name, value in options.items() if name != "filters"]
    return " ".join([type, *words, f"steps {steps}"]), [layer(type, **options)], steps


def cases():
    conv = lambda steps, **options: titled("conv1d", steps, filters=2, **options)
    for steps in (4, 5, 6):
        for size, strides in ((2, 2), (3, 2), (2, 3), (3, 3), (5, 3)):
            yield conv(steps, kernelSize=size, strides=strides, padding="same")
    for padding in ("valid", "same", "causal"):
        yield conv(6, kernelSize=4, padding=padding)
        yield conv(7, kernelSize=2, dilationRate=3, padding=padding)
        yield conv(7, kernelSize=3, dilationRate=2, padding=padding)
        yield conv(1, kernelSize=1, padding=padding)
    for padding in ("valid", "causal"):
        yield conv(7, kernelSize=3, strides=2, padding=padding)
        yield conv(6, kernelSize=2, strides=3, padding=padding)
    yield conv(3, kernelSize=3, bias=False, activation="tanh")
    for type in ("maxPooling1d", "averagePooling1d"):
        yield titled(type, 5, poolSize=2)
        for steps, size, strides in ((5, 3, 1), (5, 3, 2), (6, 3, 2), (5, 2, 3)):
            for padding in ("valid", "same"):
                yield titled(type, steps, poolSize=size, strides=strides, padding=padding)
    first = layer("conv1d", filters=3, kernelSize=3, activation="relu")
    second = layer("conv1d", filters=2, kernelSize=2, strides=2, padding="same")
    last = layer("lstm", units=2)
    yield "convolutions, pooling, lstm, dense", [
        first, layer("maxPooling1d", poolSize=2, strides=1), second, last, layer("dense", units=2)], 8
    whole = layer("simpleRNN", units=2, returnSequences=True)
    yield "simpleRNN, convolution, mean", [whole, first, layer("globalAveragePooling1d")], 5
    yield "convolution, pooling, largest", [
        first, layer("averagePooling1d", poolSize=3, padding="same"), layer("globalMaxPooling1d")], 8


if __name__ == "__main__":
    exactly()
    rng = np.random.default_rng(17)
    made = [model_case(500 + k, name, specs, grid(rng, (2, steps, 2), -2, 2))
            for k, (name, specs, steps) in enumerate(cases())]
    write("keras-convolution.json", {"made": {"keras": keras.__version__}}, {"cases": made})
