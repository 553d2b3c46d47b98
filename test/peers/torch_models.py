"""Models of PyTorch's functions, in float64, in the form of the cases of keras_layers.py (`lengths` and `drawn` more).

A case is made of what our layers are called and what PyTorch makes of the same weights; the gradients are those of
sum(outputs * coefficients). Rows end at their lengths: behind them input, outputs and coefficients are zero.
"""

import numpy as np
import torch
from torch.nn import functional as F

from draws import chance, choice, some_lengths, whole
from fixture import grid
from torch_cases import gradient, inside, leaf


def ended(rng, lengths, shape):
    """An input of numbers, zero behind the ends of its rows."""
    return leaf(grid(rng, shape, -2, 2) * inside(lengths, *shape[:2]))


def weight(rng, *shape):
    return leaf(grid(rng, shape, -0.75, 0.75))


def titled(layers, x, lengths):
    return f"{', '.join(map(named, layers))}, input {word(x.shape)}" + " lengths" * (lengths is not None)


def named(spec):
    inner = [named(spec["layer"])] if "layer" in spec else []
    options = [f"{name} {word(value)}" for name, value in spec["options"].items()]
    parts = [f"parts {spec['parts']}"] if "parts" in spec else []
    return " ".join([spec["type"], *inner, *options, *parts])


def word(value):
    return "x".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def model_case(rng, layers, x, weights, outputs, lengths=None, drawn=None):
    """`outputs` has been computed from the leaves `weights` and `x`."""
    coefficients = torch.tensor(grid(rng, outputs.shape))
    if lengths is not None and outputs.dim() == 3:
        real = torch.tensor(inside(lengths, *outputs.shape[:2]))
        outputs, coefficients = outputs * real, coefficients * real
    (outputs * coefficients).sum().backward()
    return {
        "name": titled(layers, x, lengths),
        "layers": layers,
        "weights": [w.detach() for w in weights],
        "input": x.detach(),
        "lengths": lengths,
        "initialStates": None,
        **({} if drawn is None else {"drawn": drawn}),
        "outputs": {"output": outputs.detach()},
        "coefficients": {"output": coefficients},
        "gradients": {"weights": [gradient(w) for w in weights], "input": gradient(x)},
    }


def attention_case(rng):
    """On query and value, or query, value and key: equal parts of the features, or all of them the whole."""
    heads, parts, causal = whole(rng, 1, 4), whole(rng, 1, 3), chance(rng)
    several = chance(rng, 0.6)
    width = heads * whole(rng, 1, 5) if several else whole(rng, 1, 8)
    batch, steps = whole(rng, 1, 4), whole(rng, 1, 12)
    lengths = some_lengths(rng, batch, steps)
    x = ended(rng, lengths, (batch, steps, width * parts))
    operands = x.chunk(parts, dim=-1)
    operands = operands[0], operands[min(1, parts - 1)], operands[-1]
    seen = torch.tensor(inside(lengths, batch, steps)).movedim(1, 2).expand(batch, steps, steps)
    seen = seen.tril() if causal else seen
    type, options, weights, outputs = (attended_by_heads(rng, operands, seen, heads) if several
                                       else attended(rng, operands, seen))
    spec = {"type": type, "options": options | {"causal": causal}, "parts": parts}
    return model_case(rng, [spec], x, weights, outputs, lengths)


def attended(rng, operands, seen):
    """PyTorch's scale is a constant, ours a weight, so it goes to the query."""
    query, value, key = operands
    weights = [weight(rng, 1)] * chance(rng)
    scale = weights[0] if weights else 1.0
    outputs = F.scaled_dot_product_attention(query * scale, key, value, attn_mask=seen, scale=1.0)
    return "attention", {"useScale": len(weights) > 0}, weights, outputs


def attended_by_heads(rng, operands, seen, heads):
    """Our kernels: query, key, value, output, each with its bias; PyTorch's in_proj has the first three."""
    query, value, key = operands
    width, bias = query.shape[-1], chance(rng)
    weights = [weight(rng, *size) for _ in range(4) for size in [(width, width)] + [(width,)] * bias]
    kernels, biases = (weights[::2], weights[1::2]) if bias else (weights, [])
    module = torch.nn.MultiheadAttention(width, heads, bias=bias, batch_first=True, dtype=torch.double)
    given = {"in_proj_weight": torch.cat([kernel.T for kernel in kernels[:3]]), "out_proj.weight": kernels[3].T}
    given |= {"in_proj_bias": torch.cat(biases[:3]), "out_proj.bias": biases[3]} if bias else {}
    hidden = ~seen.repeat_interleave(heads, dim=0)
    outputs, _ = torch.func.functional_call(module, given, (query, key, value),
                                            {"attn_mask": hidden, "need_weights": False})
    return "multiHeadAttention", {"numHeads": heads, "keyDim": width // heads, "bias": bias}, weights, outputs


def spaced(rng, shape):
    """Multiples of 1/32, no two of them equal: where the largest is asked for, one is."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - count // 2) / 32.0


ACTIVATIONS = {"linear": lambda x: x, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": F.softplus}


def convolution_case(rng):
    """conv1d, conv2d, and pooling over steps and over images, alone or behind a convolution."""
    axes = whole(rng, 1, 2)
    pooled, convolved = ((False, True), (True, False), (True, True))[whole(rng, 0, 2)]
    size = [whole(rng, 7, 14)] if axes == 1 else [whole(rng, 6, 9), whole(rng, 6, 9)]
    shape = (whole(rng, 1, 3), *size, whole(rng, 1, 4))
    x = leaf(spaced(rng, shape) if pooled else grid(rng, shape, -2, 2))
    layers, weights, y = [], [], x.movedim(-1, 1)
    if convolved:
        spec, weights, y = convolution(rng, axes, y)
        layers.append(spec)
    if pooled:
        spec, y = pooling(rng, axes, y)
        layers.append(spec)
    return model_case(rng, layers, x, weights, y.movedim(1, -1) if y.dim() > 2 else y)


def convolution(rng, axes, x):
    """What padding "same" is with strides is Keras's own affair; "causal" has its zeros before the first step."""
    padding = choice(rng, ["valid", "same"] + ["causal"] * (axes == 1))
    moved = choice(rng, ["strides", "dilationRate"] if padding != "same" else ["dilationRate"])
    window, moves = ([whole(rng, 1, 3) for _ in range(axes)] for _ in range(2))
    moves = [min(2, move) for move in moves] if axes == 2 else moves
    stride, dilation = (moves, [1] * axes) if moved == "strides" else ([1] * axes, moves)
    filters, bias, activation = whole(rng, 1, 5), chance(rng), choice(rng, list(ACTIVATIONS))
    weights = [weight(rng, *window, x.shape[1], filters)] + [weight(rng, filters)] * bias
    kernel = weights[0].movedim(-1, 0).movedim(-1, 1).contiguous()
    y = F.pad(x, (dilation[0] * (window[0] - 1), 0)) if padding == "causal" else x
    y = (F.conv1d, F.conv2d)[axes - 1](y, kernel, weights[1] if bias else None, stride,
                                       "same" if padding == "same" else 0, dilation)
    number = lambda each: each[0] if axes == 1 else each
    options = {"filters": filters, "kernelSize": number(window), moved: number(moves), "padding": padding,
               "bias": bias, "activation": activation}
    return {"type": f"conv{axes}d", "options": options}, weights, ACTIVATIONS[activation](y)


POOLING = {"maxPooling": (F.max_pool1d, F.max_pool2d), "averagePooling": (F.avg_pool1d, F.avg_pool2d)}
GLOBAL = {"globalAveragePooling": torch.mean, "globalMaxPooling": torch.amax}


def pooling(rng, axes, x):
    type = choice(rng, [*POOLING, *GLOBAL])
    if type in GLOBAL:
        return {"type": f"{type}{axes}d", "options": {}}, GLOBAL[type](x, dim=list(range(2, 2 + axes)))
    window, strides = ([whole(rng, 1, min(3, *x.shape[2:])) for _ in range(axes)] for _ in range(2))
    number = lambda each: each[0] if axes == 1 else each
    spec = {"type": f"{type}{axes}d", "options": {"poolSize": number(window), "strides": number(strides)}}
    return spec, POOLING[type][axes - 1](x, window, strides)
