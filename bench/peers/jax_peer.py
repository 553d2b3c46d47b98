"""JAX on the CPU: a cell as a compiled `lax.scan`, at the fastest of its settings: `python jax_peer.py THREADS`."""

import os
import sys

# XLA has as many threads as there are cores when it begins: they are given, then it is loaded.
threads = int(sys.argv[1])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
os.environ["JAX_PLATFORMS"] = "cpu"
if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
from jax import lax

from peer import LEARNING_RATE, Cannot, answer, best


def lstm(sums, state, R):
    h, c = state
    i, f, g, o = jnp.split(sums + h @ R, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru(sums, state, R, b):
    (h,) = state
    xz, xr, xn = jnp.split(sums, 3, axis=1)
    hz, hr, hn = jnp.split(h @ R + b, 3, axis=1)
    z, r = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
    h = z * h + (1 - z) * jnp.tanh(xn + r * hn)
    return (h,), h


def rnn(sums, state, R):
    h = jnp.tanh(sums + state[0] @ R)
    return (h,), h


CELLS = {"LSTM": (lstm, 2), "own": (lstm, 2), "GRU": (gru, 1), "RNN": (rnn, 1)}


def outputs_of(job, hoisted, unroll):
    """The outputs of every step; the input's product made at once for all, or step by step."""
    step, count = CELLS[job.cell]

    def outputs(weights, x):
        W, R, b = weights
        product = lambda value: value @ W + b[0]
        sums = product(x) if hoisted else x
        begun = tuple(jnp.zeros((x.shape[1], R.shape[0]), jnp.float32) for _ in range(count))
        more = (b[1],) if job.cell == "GRU" else ()
        body = lambda state, given: step(given if hoisted else product(given), state, R, *more)
        return lax.scan(body, begun, sums, unroll=unroll)[1]

    return outputs


def forms(job):
    for hoisted, unroll in ((True, 1), (True, 4), (False, 1)):
        name = f"input's product {'at once' if hoisted else 'by steps'}, unroll={unroll}"
        yield name, outputs_of(job, hoisted, unroll)


def training(job):
    x = jnp.asarray(job.x.transpose(1, 0, 2))
    slopes = jnp.asarray(job.upstream.transpose(1, 0, 2))
    fresh = lambda: tuple(jnp.asarray(w) for w in (job.kernel, job.recurrent, job.bias))
    runs, sums = {}, []
    for name, outputs in forms(job):
        def loss(weights, x, outputs=outputs):
            made = outputs(weights, x)
            return jnp.sum((made[-1:] if job.last else made) * slopes)

        def descend(weights, x, rate, loss=loss):
            value, gradients = jax.value_and_grad(loss)(weights, x)
            return value, tuple(w - rate * g for w, g in zip(weights, gradients))

        compiled = jax.jit(descend, donate_argnums=0)
        if not sums:
            weights = fresh()
            for _ in range(3):
                value, weights = compiled(weights, x, job.rate)
                sums.append(value)
        held = [fresh()]

        def run(compiled=compiled, held=held):
            _, held[0] = jax.block_until_ready(compiled(held[0], x, LEARNING_RATE))

        runs[name] = run
    return sums, *best(runs)


def forward(job):
    x = jnp.asarray(job.x.transpose(1, 0, 2))
    weights = tuple(jnp.asarray(w) for w in (job.kernel, job.recurrent, job.bias))
    runs = {}
    for name, outputs in forms(job):
        compiled = jax.jit(outputs)
        runs[name] = lambda compiled=compiled: jax.block_until_ready(compiled(weights, x))
        sums = [jnp.sum(runs[name]() * jnp.asarray(job.upstream.transpose(1, 0, 2)))]
    return sums, *best(runs)


def prepare(job):
    if job.what == "step":
        raise Cannot("a step at a time is compared with what serves streams")
    return training(job) if job.what == "training" else forward(job)


answer(jax.__version__, prepare)
