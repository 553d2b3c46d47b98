"""Images and videos of Keras 3, in float64, for test/parity/keras-images.json: the cases of keras_layers.py.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_images.py
"""

from keras_names import exactly, layer  # first: chooses the backend of Keras

import keras
import numpy as np

from fixture import grid, write
from keras_layers import model_case


def image_cases():
    for options in ({}, {"padding": "same"}, {"strides": 2}, {"strides": [2, 1], "padding": "same"},
                    {"dilationRate": 2, "activation": "tanh"}, {"padding": "same", "bias": False}):
        words = " ".join(f"{k} {v}" for k, v in options.items())
        yield f"conv2d {words}", [layer("conv2d", filters=3, kernelSize=[3, 2], **options)]
    for kind in ("maxPooling2d", "averagePooling2d"):
        yield kind, [layer(kind, poolSize=2)]
        yield f"{kind} same", [layer(kind, poolSize=[3, 2], strides=2, padding="same")]
    yield "globalAveragePooling2d", [layer("globalAveragePooling2d")]
    yield "globalMaxPooling2d", [layer("globalMaxPooling2d")]
    yield "conv2d flatten dense", [layer("conv2d", filters=2, kernelSize=3), layer("flatten"), layer("dense", units=2)]


def video_cases():
    yield "timeDistributed conv2d lstm", [
        layer("timeDistributed", layer("conv2d", filters=2, kernelSize=3)),
        layer("timeDistributed", layer("flatten")), layer("lstm", units=2)]
    for options in ({"padding": "same"}, {}, {"padding": "same", "returnSequences": True},
                    {"strides": 2, "returnSequences": True, "recurrentActivation": "hardSigmoid"},
                    {"padding": "same", "dilationRate": 2, "bias": "none"},
                    {"padding": "same", "goBackwards": True, "returnSequences": True}):
        words = " ".join(f"{k} {v}" for k, v in options.items())
        yield f"convLstm2d {words}", [layer("convLstm2d", filters=2, kernelSize=[3, 2], **options)]
    yield "convLstm2d and a vector", [
        layer("convLstm2d", filters=2, kernelSize=2, padding="same"), layer("globalAveragePooling2d")]


if __name__ == "__main__":
    exactly()
    image = grid(np.random.default_rng(3), (2, 5, 4, 2), -2, 2)
    video = grid(np.random.default_rng(4), (2, 3, 5, 4, 2), -2, 2)
    models = [(*case, image) for case in image_cases()] + [(*case, video) for case in video_cases()]
    cases = [model_case(500 + k, *case) for k, case in enumerate(models)]
    write("keras-images.json", {"made": {"keras": keras.__version__}}, {"cases": cases})
