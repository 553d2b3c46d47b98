"""PyTorch on the CPU, each job at the fastest of its settings: `python torch_peer.py THREADS`."""

import sys

import torch
from torch import nn

from peer import LEARNING_RATE, PUSHES, Cannot, answer, best

tensor = torch.from_numpy
LAYERS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}


def turned(weight, cell):
    """[width, gates units] to [gates units, width], the gates in PyTorch's order: GRU r, z, n."""
    rows = tensor(weight).T
    if cell == "GRU":
        z, r, n = rows.chunk(3)
        rows = torch.cat([r, z, n])
    return rows.contiguous()


def fill(layer, job):
    """The layer's two biases are ours and zeros, or, with a GRU, both ours."""
    given = turned(job.bias, job.cell)
    zeros = torch.zeros(given.shape[0])
    values = [turned(job.kernel, job.cell), turned(job.recurrent, job.cell), given[:, 0]]
    values.append(given[:, 1] if given.shape[1] == 2 else zeros)
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), values):
            parameter.copy_(value)
    return layer


def layer_of(job, batch_first=False):
    return fill(LAYERS[job.cell](job.features, job.units, batch_first=batch_first), job)


def one_by_one(parameters, gradients, rate):
    for parameter, gradient in zip(parameters, gradients):
        parameter.add_(gradient, alpha=-rate)


def all_at_once(parameters, gradients, rate):
    torch._foreach_add_(parameters, gradients, alpha=-rate)


UPDATES = {"updates one by one": one_by_one, "updates at once": all_at_once}


def descend(parameters, update, rate):
    with torch.no_grad():
        update(parameters, [parameter.grad for parameter in parameters], rate)
    for parameter in parameters:
        parameter.grad = None


def training(job):
    """Forward, backward from dL/dh, update; the loss itself is computed only where it is compared."""
    runs = {}
    for first in (False, True):
        layer = layer_of(job, first)
        x = tensor(job.x if first else job.x.transpose(1, 0, 2).copy())
        slopes = tensor(job.upstream if first else job.upstream.transpose(1, 0, 2).copy())
        wanted = lambda layer=layer, x=x: layer(x)[0]
        if job.last:
            slopes = tensor(job.upstream[:, 0])
            wanted = lambda layer=layer, x=x: layer(x)[1][0][0]
        parameters = list(layer.parameters())
        if not first:
            # A second bias that is not ours stays zero while losses are compared.
            sums = losses(wanted, slopes, parameters if job.cell == "GRU" else parameters[:3], job.rate)
        for name, update in UPDATES.items():
            def run(wanted=wanted, slopes=slopes, parameters=parameters, update=update):
                wanted().backward(slopes)
                descend(parameters, update, LEARNING_RATE)

            runs[f"batch_first={first}, {name}"] = run
    return sums, *best(runs)


def losses(wanted, slopes, parameters, rate):
    sums = []
    for _ in range(3):
        loss = (wanted() * slopes).sum()
        loss.backward()
        descend(parameters, one_by_one, rate)
        sums.append(loss.item())
    return sums


def lstm_step(sums, h, c, R):
    i, f, g, o = torch.addmm(sums, h, R).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm_push(x, h, c, W, R, b):
    return lstm_step(torch.addmm(b, x, W), h, c, R)


def lstm_loop(x, W, R, b):
    """x is [time, batch, features]; the input's product is made at once for all steps."""
    h = torch.zeros(x.shape[1], R.shape[0])
    c = torch.zeros(x.shape[1], R.shape[0])
    outputs = []
    for sums in (torch.matmul(x, W) + b).unbind(0):
        h, c = lstm_step(sums, h, c, R)
        outputs.append(h)
    return torch.stack(outputs)


def own_training(job):
    """A cell of one's own: a loop in Python, plain, compiled by TorchScript, and with nn.LSTMCell."""
    x = tensor(job.x.transpose(1, 0, 2).copy())
    slopes = tensor(job.upstream.transpose(1, 0, 2).copy())
    weights = [tensor(w.copy()).requires_grad_() for w in (job.kernel, job.recurrent, job.bias[0])]
    sums = losses(lambda: lstm_loop(x, *weights), slopes, weights, job.rate)
    scripted = torch.jit.script(lstm_loop)
    cell = nn.LSTMCell(job.features, job.units)

    def cells():
        h, outputs = None, []
        for t in range(job.steps):
            h = cell(x[t], h)
            outputs.append(h[0])
        return torch.stack(outputs)

    forms = {
        "plain loop": (lambda: lstm_loop(x, *weights), weights),
        "scripted loop": (lambda: scripted(x, *weights), weights),
        "nn.LSTMCell": (cells, list(cell.parameters())),
    }
    runs = {}
    for name, (wanted, parameters) in forms.items():
        def run(wanted=wanted, parameters=parameters):
            wanted().backward(slopes)
            descend(parameters, all_at_once, LEARNING_RATE)

        runs[name] = run
    return sums, *best(runs)


def forward(job):
    layers = {first: (layer_of(job, first), first) for first in (False, True)}
    runs = {}
    for layer, first in layers.values():
        x = tensor(job.x if first else job.x.transpose(1, 0, 2).copy())

        def run(layer=layer, x=x):
            with torch.inference_mode():
                return layer(x)[0]

        runs[f"batch_first={first}"] = run
    sums = [(runs["batch_first=True"]() * tensor(job.upstream)).sum()]
    return sums, *best(runs)


def step(job):
    """One stream, a step at a time, the state handed on: with nn.LSTM, nn.LSTMCell, and written out."""
    layer = layer_of(job)
    cell = fill(nn.LSTMCell(job.features, job.units), job)
    W, R, b = tensor(job.kernel), tensor(job.recurrent), tensor(job.bias[0])
    xs = list(tensor(job.x[0]).split(1))
    zeros = torch.zeros(1, job.units)
    scripted = torch.jit.script(lstm_push)
    forms = {
        "nn.LSTM": (lambda x, s: layer(x, s)[1], None),
        "nn.LSTMCell": (lambda x, s: cell(x, s), None),
        "written out": (lambda x, s: lstm_push(x, *s, W, R, b), (zeros, zeros)),
        "written out, scripted": (lambda x, s: scripted(x, *s, W, R, b), (zeros, zeros)),
    }
    runs = {}
    for name, (push, state) in forms.items():
        def run(push=push, state=state):
            with torch.inference_mode():
                for k in range(PUSHES):
                    state = push(xs[k % len(xs)], state)

        runs[name] = run
    sums, state = [], None
    slopes = tensor(job.upstream[0])
    with torch.inference_mode():
        for x in xs:
            state = layer(x, state)[1]
            sums.append((state[0] * slopes).sum())
    return sums, *best(runs)


def prepare(job):
    torch.set_flush_denormal(job.flush)
    if job.what == "training":
        return own_training(job) if job.cell == "own" else training(job)
    if job.cell == "own":
        raise Cannot("a cell of one's own is compared in training")
    return forward(job) if job.what == "forward" else step(job)


torch.set_num_threads(int(sys.argv[1]))
answer(torch.__version__, prepare)
