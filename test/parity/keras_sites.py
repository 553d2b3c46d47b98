"""Images, videos and attention of Keras 3, in float64, for test/parity/keras_sites.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_sites.py

Cases of layers are those of keras_layers.py. In those of attention the heads of a kernel lie side by side, as Unroll
has them; the gradients are those of sum(outputs * coefficients). Values as wide as the keys: Keras 3 on JAX refuses others.
"""

import numpy as np

import keras_layers
from fixture import grid, write
from keras_layers import jax, jnp, keras, layer, model_case

keras_layers.CLASSES |= {"conv2d": "Conv2D", "maxPooling2d": "MaxPooling2D", "averagePooling2d": "AveragePooling2D",
                         "globalAveragePooling2d": "GlobalAveragePooling2D",
                         "globalMaxPooling2d": "GlobalMaxPooling2D", "convLstm2d": "ConvLSTM2D"}


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


def attention_case(seed, name, made, options, call, shapes):
    """`made`: the Keras layer; `shapes`: query, value and, where it has one, key."""
    rng = np.random.default_rng(seed)
    inputs = [grid(rng, shape, -2, 2) for shape in shapes]
    query, value, key = (inputs + [inputs[1]])[:3]
    run = (lambda *x: made(x[0], x[1], key=x[2], **call)) if isinstance(made, keras.layers.MultiHeadAttention) \
        else (lambda *x: made([x[0], x[1], x[2]], **call))
    run(query, value, key)
    made.set_weights([grid(rng, w.shape, -0.75, 0.75) for w in made.get_weights()])
    fixed = [v.value for v in made.non_trainable_variables]

    def output(values, given):
        given = [jnp.asarray(x) for x in given]
        given = (given + [given[1]])[:3]
        pairs = [*zip(made.trainable_variables, values), *zip(made.non_trainable_variables, fixed)]
        with keras.StatelessScope(state_mapping=pairs):
            return run(*given)

    values = [jnp.asarray(v.value) for v in made.trainable_variables]
    result = output(values, inputs)
    coefficients = grid(rng, result.shape)
    slopes = jax.grad(lambda v, x: (output(v, x) * coefficients).sum(), argnums=(0, 1))(
        values, [jnp.asarray(x) for x in inputs])
    flat = lambda w: beside(np.asarray(w), made)
    return {"name": name, "layer": options, "inputs": inputs, "weights": [flat(v) for v in values],
            "output": result, "coefficients": coefficients,
            "gradients": {"weights": [flat(g) for g in slopes[0]], "inputs": slopes[1]}}


def beside(weight, made):
    """`[features, heads, size]` as `[features, heads * size]`, `[heads, size, features]` as `[heads * size, ...]`."""
    if not isinstance(made, keras.layers.MultiHeadAttention) or weight.ndim == 1:
        return weight if weight.ndim > 0 else weight.reshape(1)
    if weight.ndim == 2:
        return weight.reshape(-1)
    first = weight.shape[0] == made.num_heads and weight.shape[2] != made.key_dim
    return weight.reshape(-1, weight.shape[2]) if first else weight.reshape(weight.shape[0], -1)


def attention_cases():
    plain, other = (2, 3, 4), (2, 5, 4)
    dot, additive = keras.layers.Attention, keras.layers.AdditiveAttention
    spec = lambda kind, **options: {"layer": kind, "options": options}
    yield "dot", dot(), spec("attention"), {}, [plain, other]
    yield "dot with keys", dot(), spec("attention"), {}, [plain, (2, 5, 3), other]
    yield "dot causal", dot(), spec("attention", causal=True), {"use_causal_mask": True}, [plain, plain]
    yield "dot scaled", dot(use_scale=True), spec("attention", useScale=True), {}, [plain, other]
    yield "additive", additive(), spec("attention", score="additive"), {}, [plain, other]
    yield "additive unscaled", additive(use_scale=False), spec(
        "attention", score="additive", useScale=False), {}, [plain, other]
    heads = keras.layers.MultiHeadAttention
    yield "heads", heads(2, 3), spec("multiHeadAttention", numHeads=2, keyDim=3), {}, [plain, other]
    yield "heads causal", heads(2, 5, use_bias=False), spec(
        "multiHeadAttention", numHeads=2, keyDim=5, causal=True, useBias=False), {"use_causal_mask": True}, [plain, plain]
    yield "heads with keys", heads(3, 5, output_shape=6), spec(
        "multiHeadAttention", numHeads=3, keyDim=5, outputDim=6), {}, [plain, (2, 5, 7), other]


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    keras.src.backend.numpy.tanh = jnp.tanh  # Keras's own narrows to float32 on jax
    image = grid(np.random.default_rng(3), (2, 5, 4, 2), -2, 2)
    video = grid(np.random.default_rng(4), (2, 3, 5, 4, 2), -2, 2)
    models = [(*case, image) for case in image_cases()] + [(*case, video) for case in video_cases()]
    lists = {"cases": [model_case(500 + k, *case) for k, case in enumerate(models)],
             "attention": [attention_case(600 + k, *case) for k, case in enumerate(attention_cases())]}
    write("keras_sites.json", {"made": {"keras": keras.__version__}}, lists)
