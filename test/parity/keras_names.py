"""Keras's layers, losses, optimizers and schedules from records in Unroll's names: what all that ask Keras share.

Imported first: it chooses the backend of Keras. `exactly` makes Keras compute in float64.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import re

import jax.numpy as jnp
import keras

CLASSES = {"simpleRNN": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "conv1d": "Conv1D", "conv2d": "Conv2D",
           "convLstm2d": "ConvLSTM2D", "maxPooling1d": "MaxPooling1D", "averagePooling1d": "AveragePooling1D",
           "globalAveragePooling1d": "GlobalAveragePooling1D", "globalMaxPooling1d": "GlobalMaxPooling1D",
           "maxPooling2d": "MaxPooling2D", "averagePooling2d": "AveragePooling2D",
           "globalAveragePooling2d": "GlobalAveragePooling2D", "globalMaxPooling2d": "GlobalMaxPooling2D"}
LOOKING = {}  # keras_attention.py
STATES = {"simpleRNN": ["h"], "gru": ["h"], "lstm": ["h", "c"]}
OPTIMIZERS = {"sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta",
              "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam"}
SCHEDULES = {"exponentialDecay": "ExponentialDecay", "cosineDecay": "CosineDecay",
             "piecewiseConstantDecay": "PiecewiseConstantDecay"}
NAMES = {"learningRate": "learning_rate", "momentum": "momentum", "nesterov": "nesterov", "rho": "rho",
         "beta1": "beta_1", "beta2": "beta_2", "epsilon": "epsilon", "centered": "centered",
         "amsgrad": "amsgrad", "weightDecay": "weight_decay", "clipNorm": "clipnorm",
         "globalClipNorm": "global_clipnorm", "clipValue": "clipvalue",
         "initialAccumulatorValue": "initial_accumulator_value",
         "initialLearningRate": "initial_learning_rate", "decaySteps": "decay_steps",
         "decayRate": "decay_rate", "staircase": "staircase", "alpha": "alpha",
         "warmupTarget": "warmup_target", "warmupSteps": "warmup_steps",
         "boundaries": "boundaries", "values": "values"}


def exactly():
    """Everything in float64; two functions of Keras's own narrow to float32 on jax."""
    keras.config.set_floatx("float64")
    keras.src.backend.numpy.tanh = jnp.tanh
    keras.src.backend.numpy.cos = jnp.cos


def snake(name):
    return re.sub("([A-Z])", r"_\1", name).lower()


def layer(type, inner=None, **options):
    spec = {"type": type, "options": options}
    return spec | ({"layer": inner} if inner else {})


def built(spec):
    """The Keras layer of a record in Unroll's names."""
    given = {}
    for name, value in spec["options"].items():
        if name == "bias":
            given["use_bias"] = value not in (False, "none")
        elif "activation" in name.lower():
            given[snake(name)] = snake(value)
        elif name.endswith("Initializer"):
            given[snake(name)] = snake(value)
        elif name.endswith("Regularizer") and isinstance(value, dict):
            given[snake(name)] = keras.regularizers.L1L2(**value)
        else:
            given[snake(name)] = None if value == "none" else value
    kind = CLASSES.get(spec["type"]) or spec["type"][0].upper() + spec["type"][1:]
    inner = [built(spec["layer"])] if "layer" in spec else []
    return getattr(keras.layers, kind)(*inner, **given)


def called(spec, symbol, **more):
    """What a layer makes of a symbol; LOOKING has the layers that are called on several."""
    return LOOKING[spec["type"]](spec, symbol) if spec["type"] in LOOKING else built(spec)(symbol, **more)


def loss_of(name, options):
    return getattr(keras.losses, name[0].upper() + name[1:])(**{snake(k): v for k, v in options.items()})


def in_keras(options):
    return {NAMES[name]: value for name, value in options.items()}


def optimizer_of(name, options, schedule=None):
    """`schedule`: the record of a schedule, its options beside its name, instead of a number."""
    given = in_keras(options)
    if schedule:
        make = getattr(keras.optimizers.schedules, SCHEDULES[schedule["name"]])
        given["learning_rate"] = make(**in_keras({k: v for k, v in schedule.items() if k != "name"}))
    return getattr(keras.optimizers, OPTIMIZERS[name])(**given)
