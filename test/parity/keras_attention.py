"""Attention of Keras 3, in float64, for test/parity/keras-attention.json.

Run (see setup.sh):  .venv-parity/bin/python -B test/parity/keras_attention.py

Cases as in keras_layers.py. `parts` says what a layer is called on: the symbol as query and value, or that many equal
parts of its features: query and value, or query, value and key. Kernels of MultiHeadAttention are written with their
heads side by side. Where steps are masked a recurrent layer follows: what an attention gives at a masked query is its
own affair. The scale of Attention, a number in Keras, is written as an array of one.
"""

from keras_names import LOOKING, exactly, layer, snake  # first: chooses the backend of Keras

import keras
import numpy as np

from fixture import grid, write
from keras_layers import TOKENS, model_case


def operands(symbol, parts):
    if parts == 1:
        return [symbol, symbol]
    width = symbol.shape[-1] // parts
    return [symbol[..., k * width:(k + 1) * width] for k in range(parts)]


def split_options(spec):
    given = {"use_bias" if name == "bias" else snake(name): value for name, value in spec["options"].items()}
    return given.pop("causal", False), given


def attention(spec, symbol):
    causal, given = split_options(spec)
    kind = keras.layers.AdditiveAttention if given.pop("score", "dot") == "additive" else keras.layers.Attention
    return kind(**given)(operands(symbol, spec["parts"]), use_causal_mask=causal)


def multi_head_attention(spec, symbol):
    causal, given = split_options(spec)
    if "output_dim" in given:
        given["output_shape"] = given.pop("output_dim")
    heads = keras.layers.MultiHeadAttention(**given)
    # Without the scores Keras asks jax for a product that is summed in float32.
    return heads(*operands(symbol, spec["parts"]), use_causal_mask=causal, return_attention_scores=True)[0]


LOOKING |= {"attention": attention, "multiHeadAttention": multi_head_attention}


def looking(type, parts, **options):
    return layer(type, **options) | {"parts": parts}


def titled(type, parts, features, **options):
    words = " ".join(f"{name} {value}" for name, value in options.items())
    return f"{type} parts {parts} {words}".strip(), [looking(type, parts, **options)], features


def cases():
    for causal in (False, True):
        for parts in (1, 2, 3):
            yield titled("attention", parts, 2 * parts, causal=causal)
            yield titled("attention", parts, 2 * parts, score="additive", causal=causal)
            yield titled("multiHeadAttention", parts, 2 * parts, numHeads=2, keyDim=3, causal=causal)
    yield titled("attention", 3, 6, useScale=True)
    yield titled("attention", 3, 6, score="additive", useScale=False)
    yield titled("multiHeadAttention", 3, 6, numHeads=3, keyDim=2, valueDim=1, outputDim=4)
    yield titled("multiHeadAttention", 2, 4, numHeads=1, keyDim=2, bias=False)
    recurrent = layer("gru", units=2, returnSequences=True)
    yield "between recurrent layers", [
        recurrent, looking("attention", 1, score="additive"), layer("lstm", units=2)], 2
    for where in ("left", "middle", "right"):
        for causal in (False, True):
            # A step that may see none but masked ones: Keras takes the mean of what is masked.
            if causal and where == "left":
                continue
            first = layer("embedding", inputDim=6, outputDim=2, maskZero=True)
            for name, seen in (("dot", looking("attention", 1, causal=causal)),
                               ("additive", looking("attention", 1, score="additive", causal=causal)),
                               ("heads", looking("multiHeadAttention", 1, numHeads=2, keyDim=2, causal=causal))):
                title = f"{name} mask {where}" + (" causal" if causal else "")
                yield title, [first, seen, layer("gru", units=2)], None


def side_by_side(weights):
    """Kernels [features, heads, size] and biases [heads, size] to two axes and one; of the output, the last kernel."""
    weights = [np.asarray(w) for w in weights]
    kernels = [k for k, w in enumerate(weights) if w.ndim == 3]
    def flat(k, w):
        if k in kernels:
            return w.reshape(-1, w.shape[2]) if k == kernels[-1] else w.reshape(w.shape[0], -1)
        return w.reshape(-1) if k - 1 in kernels else w
    return [flat(k, w) for k, w in enumerate(weights)]


def case_of(seed, name, specs, x):
    case = model_case(seed, name, specs, x)
    for at in (case, case["gradients"]):
        at["weights"] = [np.atleast_1d(w) for w in at["weights"]]
    if any(spec["type"] == "multiHeadAttention" for spec in specs):
        for at in (case, case["gradients"]):
            at["weights"] = side_by_side(at["weights"])
    return case


if __name__ == "__main__":
    exactly()
    rng = np.random.default_rng(23)
    made = [case_of(900 + k, name, specs,
                    grid(rng, (2, 5, features), -2, 2) if features else TOKENS[name.split()[2]])
            for k, (name, specs, features) in enumerate(cases())]
    write("keras-attention.json", {"made": {"keras": keras.__version__}}, {"cases": made})
