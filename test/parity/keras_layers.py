"""Small models, activations and losses of Keras 3, in float64, for test/parity/keras.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_layers.py

A model is written once, with Unroll's names; `built` turns it into Keras's. Weights are in the order of
get_weights. The gradients are those of sum(outputs * coefficients). `loss`, where a model has one, is what
test_on_batch of Keras gives. Weights, inputs and coefficients are multiples of 1/32. Keras computes layer
normalization in float32 whatever the dtype: those cases are good to 1e-6, all others to every digit written.

What Keras does at a masked step: the state is kept and the output repeated (zero before the first real step);
inside `bidirectional` with returnSequences the output of a masked step is zero.
"""

from keras_names import STATES, built, called, exactly, layer, loss_of, snake  # first: chooses the backend of Keras

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fixture import grid, write

TOKENS = {
    "left": [[0, 0, 3, 1, 4], [0, 2, 5, 1, 3]],
    "middle": [[3, 0, 2, 0, 1], [1, 4, 0, 0, 2]],
    "right": [[3, 1, 2, 0, 0], [5, 0, 0, 0, 0]],
    "empty row": [[0, 0, 0, 0, 0], [0, 2, 0, 1, 0]],
}


def model_of(specs, x, states):
    """The model and the names of its outputs; given states go to the first layer."""
    tokens = specs[0]["type"] == "embedding"
    inputs = [keras.Input(x.shape[1:], dtype="int32" if tokens else "float64")]
    firsts = [keras.Input((spec.shape[1],), dtype="float64") for spec in (states or {}).values()]
    symbol = inputs[0]
    for k, spec in enumerate(specs):
        symbol = called(spec, symbol, **({"initial_state": firsts} if k == 0 and firsts else {}))
    last = specs[-1]
    names = ["output"]
    if last["options"].get("returnState"):
        names += STATES[last["type"]]
    elif last["options"].get("mergeMode") == "none":
        names = ["forward", "backward"]
    return keras.Model(inputs + firsts, symbol), names


def model_case(seed, name, specs, x, states=None, loss=None):
    rng = np.random.default_rng(seed)
    x = np.asarray(x)
    model, names = model_of(specs, x, states)
    model.set_weights([grid(rng, w.shape, -0.75, 0.75) for w in model.get_weights()])
    weights = model.get_weights()
    fixed = [v.value for v in model.non_trainable_variables]
    tokens = x.dtype.kind == "i"

    def outputs(values, x):
        out, _ = model.stateless_call(values, fixed, [x, *(jnp.asarray(s) for s in (states or {}).values())])
        return dict(zip(names, out if isinstance(out, (list, tuple)) else [out]))

    start = [jnp.asarray(w) for w in weights], jnp.asarray(x)
    result = outputs(*start)
    coefficients = {key: grid(rng, value.shape) for key, value in result.items()}
    total = lambda values, x: sum((outputs(values, x)[key] * coefficients[key]).sum() for key in names)
    slopes = jax.grad(total, argnums=0 if tokens else (0, 1))(*start)
    assert all(value.dtype == np.float64 for value in result.values())
    case = {"name": name, "layers": specs, "weights": weights, "input": x, "initialStates": states,
            "outputs": result, "coefficients": coefficients,
            "gradients": {"weights": slopes if tokens else slopes[0], "input": None if tokens else slopes[1]}}
    return case | ({"loss": evaluated(model, x, **loss)} if loss else {})


def evaluated(model, x, name, options, targets, sampleWeight=None):
    targets = np.asarray(targets)
    model.compile(loss=loss_of(name, options))
    weight = None if sampleWeight is None else np.asarray(sampleWeight)
    value = model.test_on_batch(x, targets, sample_weight=weight)
    return {"loss": name, "options": options, "targets": targets, "sampleWeight": weight,
            "value": float(value)}


def masked_cases():
    """Embeddings that mask zero: padding left, in the middle, right, and a row of nothing else."""
    first = layer("embedding", inputDim=6, outputDim=2, maskZero=True)
    for kind in STATES:
        for where, tokens in TOKENS.items():
            for whole in (False, True):
                title = f"{kind} mask {where}" + (" returnSequences" if whole else "")
                yield title, [first, layer(kind, units=3, returnSequences=whole)], tokens
    inner = layer("lstm", units=2, returnSequences=True)
    yield "lstm mask middle goBackwards", [
        first, layer("lstm", units=3, goBackwards=True, returnSequences=True)], TOKENS["middle"]
    yield "gru mask left goBackwards", [first, layer("gru", units=3, goBackwards=True)], TOKENS["left"]
    for where in ("left", "middle", "right"):
        yield f"bidirectional lstm mask {where}", [first, layer("bidirectional", inner)], TOKENS[where]
    yield "bidirectional gru mask middle last output", [
        first, layer("bidirectional", layer("gru", units=2), mergeMode="sum")], TOKENS["middle"]
    yield "stacked lstm mask middle", [
        first, inner, layer("lstm", units=3), layer("dense", units=2, activation="softmax")], TOKENS["middle"]
    yield "lstm mask middle returnState", [
        first, layer("lstm", units=3, returnSequences=True, returnState=True)], TOKENS["middle"]
    yield "embedding without a mask", [
        layer("embedding", inputDim=6, outputDim=2), layer("gru", units=3)], TOKENS["middle"]
    yield "timeDistributed dense mask right", [
        first, inner, layer("timeDistributed", layer("dense", units=2))], TOKENS["right"]
    yield "globalAveragePooling1d mask middle", [first, layer("globalAveragePooling1d")], TOKENS["middle"]


def plain_cases():
    """Models on numbers [batch 2, time 4, features 3]."""
    bidirectional = lambda inner, **options: [layer("bidirectional", inner, **options)]
    for after in (True, False):
        for bias in ("double" if after else "single", "none"):
            yield f"gru resetAfter {after} bias {bias}", [
                layer("gru", units=4, resetAfter=after, returnSequences=True, bias=bias)]
    for kind in STATES:
        yield f"{kind} defaults", [layer(kind, units=3)]
        yield f"{kind} goBackwards returnSequences", [
            layer(kind, units=3, goBackwards=True, returnSequences=True)]
        yield f"{kind} returnState", [layer(kind, units=2, returnState=True)]
        yield f"bidirectional {kind}", bidirectional(layer(kind, units=2))
    yield "simpleRNN relu no bias", [layer("simpleRNN", units=5, activation="relu", bias="none")]
    yield "lstm softsign and hardSigmoid", [
        layer("lstm", units=3, activation="softsign", recurrentActivation="hardSigmoid")]
    for mode in ("concat", "sum", "mul", "ave", "none"):
        for inner in (layer("gru", units=2, returnSequences=True), layer("simpleRNN", units=2)):
            yield f"bidirectional {inner['type']} {mode}", bidirectional(inner, mergeMode=mode)
    sequence = layer("lstm", units=2, returnSequences=True)
    yield "stacked lstm gru dense", [
        sequence, layer("gru", units=3), layer("dense", units=2, activation="sigmoid")]
    yield "layerNormalization", [layer("layerNormalization")]
    yield "lstm layerNormalization gru", [sequence, layer("layerNormalization", epsilon=1e-5),
                                          layer("gru", units=2)]
    yield "lstm repeatVector lstm", [layer("lstm", units=2), layer("repeatVector", n=3), sequence]
    inner = layer("dense", units=3, activation="tanh")
    yield "timeDistributed dense", [sequence, layer("timeDistributed", inner)]
    yield "dense on a sequence", [layer("dense", units=2, bias=False), layer("simpleRNN", units=2)]
    yield "flatten dense", [layer("flatten"), layer("dense", units=2, activation="softmax")]
    for padding in ("valid", "same", "causal"):
        yield f"conv1d {padding}", [layer("conv1d", filters=2, kernelSize=3, padding=padding)]
    yield "conv1d causal dilationRate 2 relu", [
        layer("conv1d", filters=2, kernelSize=2, padding="causal", dilationRate=2, activation="relu")]
    yield "conv1d same strides 2", [layer("conv1d", filters=2, kernelSize=2, padding="same", strides=2)]
    yield "maxPooling1d", [layer("maxPooling1d", poolSize=2)]
    yield "globalAveragePooling1d", [layer("globalAveragePooling1d")]
    yield "globalMaxPooling1d", [layer("globalMaxPooling1d")]


def special_cases():
    """A masking layer, given states, and losses that Keras takes over the steps that are not masked."""
    rng = np.random.default_rng(5)
    x = grid(rng, (2, 4, 3), -2, 2)
    holes = x.copy()
    holes[0, 1] = holes[0, 3] = holes[1, 0] = 0
    marked = np.where(holes == 0, -9.0, holes)
    lstm, gru = layer("lstm", units=3, returnSequences=True), layer("gru", units=3, resetAfter=False)
    yield "masking lstm", [layer("masking"), lstm], holes
    yield "masking maskValue -9 gru resetAfter False", [layer("masking", maskValue=-9.0), gru], marked
    yield "lstm given states", [lstm], x, {name: grid(rng, (2, 3)) for name in "hc"}
    yield "gru resetAfter False given states", [gru], x, {"h": grid(rng, (2, 3))}
    head = [layer("embedding", inputDim=6, outputDim=2, maskZero=True),
            layer("gru", units=3, returnSequences=True)]
    values = {"name": "meanSquaredError", "options": {}, "targets": grid(rng, (2, 5, 1))}
    classes = {"name": "sparseCategoricalCrossentropy", "options": {"fromLogits": True},
               "targets": rng.integers(0, 3, (2, 5))}
    for where in ("middle", "right"):
        one, three = [*head, layer("dense", units=1)], [*head, layer("dense", units=3)]
        weighted = classes | {"sampleWeight": grid(rng, (2, 5), 0, 2)}
        yield f"loss meanSquaredError mask {where}", one, TOKENS[where], None, values
        yield f"loss sparseCategoricalCrossentropy mask {where}", three, TOKENS[where], None, classes
        yield f"loss weighted mask {where}", three, TOKENS[where], None, weighted


def activation_case(name):
    """Values, and the gradient of sum(y * coefficients)."""
    rng = np.random.default_rng(11)
    grows = name in ("softmax", "logSoftmax")
    x = np.array([-100, -20, -8, -5, -3.5, -2, -1, -0.5, -0.03125, 0, 0.03125, 0.5, 1, 2, 3.5, 5, 8, 20, 100])
    x = grid(rng, (4, 5), -6, 6) if grows else x
    coefficients = grid(rng, x.shape) if grows else np.ones(x.shape)
    function = getattr(keras.activations, snake(name))
    slope = jax.grad(lambda v: (function(v) * coefficients).sum())(jnp.asarray(x, dtype="float64"))
    y = function(jnp.asarray(x, dtype="float64"))
    assert y.dtype == np.float64
    return {"name": name, "x": x, "y": y, "coefficients": coefficients, "gradient": slope}


def loss_cases():
    rng = np.random.default_rng(13)
    real, logits = grid(rng, (4, 3), -3, 3), grid(rng, (4, 3), -3, 3)
    steps = grid(rng, (2, 3, 4), -3, 3)
    shares = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.0625, 0.0625, 0.875], [0.25, 0.5, 0.25]])
    yes, hot = rng.integers(0, 2, (4, 3)) * 1.0, np.eye(3)[[0, 2, 1, 1]]
    classes = np.array([[0, 3, 1], [2, 2, 0]])
    sparse, logit = "sparseCategoricalCrossentropy", {"fromLogits": True}
    cases = [
        ("meanSquaredError", {}, real, logits), ("meanAbsoluteError", {}, real + 1 / 64, logits),
        ("huber", {}, real + 1 / 64, logits), ("huber", {"delta": 0.5}, real + 1 / 64, logits),
        ("binaryCrossentropy", {}, yes, shares), ("binaryCrossentropy", logit, yes, logits),
        ("categoricalCrossentropy", {}, hot, shares), ("categoricalCrossentropy", logit, hot, logits),
        (sparse, {}, np.array([0, 2, 1, 1]), shares), (sparse, logit, classes, steps),
        (sparse, logit | {"ignoreClass": 2}, classes, steps),
        (sparse, {"ignoreClass": 1}, np.array([0, 2, 1, 1]), shares),
    ]
    for name, options, targets, predictions in cases:
        for weights in (None, grid(rng, predictions.shape[:-1], 0, 2)):
            each = loss_of(name, options)
            value = lambda p: each(jnp.asarray(targets), p, sample_weight=weights)
            start = jnp.asarray(predictions)
            words = [name, *(f"{k} {v}" for k, v in options.items()), *["weighted"] * (weights is not None)]
            yield {"name": " ".join(words), "kind": "loss", "options": {"loss": name} | options,
                   "input": predictions, "targets": targets, "sampleWeight": weights,
                   "outputs": float(value(start)), "gradients": {"input": jax.grad(value)(start)}}


def all_models():
    numbers = grid(np.random.default_rng(3), (2, 4, 3), -2, 2)
    plain = [(*case, numbers) for case in plain_cases()]
    for k, case in enumerate([*masked_cases(), *plain, *special_cases()]):
        yield model_case(100 + k, *case)


if __name__ == "__main__":
    exactly()
    names = "tanh sigmoid relu elu gelu silu softplus softsign hardSigmoid softmax logSoftmax"
    lists = {"cases": list(all_models()), "losses": list(loss_cases()),
             "activations": [activation_case(name) for name in names.split()]}
    write("keras.json", {"made": {"keras": keras.__version__}}, lists)
