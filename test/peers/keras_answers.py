"""What Keras 3 does with each model of test/peers/kerasModels.ts: see `answer_to` for what is asked.

Records have Unroll's names (test/parity/keras_names.py). Weights arrive in the order of get_weights and stay as they
are. Keras computes in float64.
"""

import os

os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # each program runs a few times: most of the time goes to compiling

from keras_names import built, exactly, loss_of, optimizer_of  # first: chooses the backend of Keras

import keras
import numpy as np

from fixture import answer

MERGES = {"add": "Add", "concat": "Concatenate", "mul": "Multiply", "sub": "Subtract", "maximum": "Maximum",
          "minimum": "Minimum"}


def model_of(layers, inputs, outputs, rows):
    """`of`: the places of what a layer is called on, of the inputs and all that layers gave; else what came last."""
    values = [keras.Input(batch_shape=(rows, *x["shape"]), dtype=x["dtype"]) for x in inputs]
    made, last = list(values), 0
    for spec in layers:
        given = [made[k] for k in spec.get("of", [last])]
        more = {"initial_state": [made[k] for k in spec["states"].values()]} if "states" in spec else {}
        if spec["type"] in MERGES:
            results = getattr(keras.layers, MERGES[spec["type"]])(**spec["options"])(given)
        else:
            results = built(spec)(given[0], **more)
        last = len(made)
        made += results if isinstance(results, (list, tuple)) else [results]
    ends = [made[k] for k in outputs] if outputs else made[last:]
    return keras.Model(values, ends if len(ends) > 1 else ends[0])


def arrays(values):
    """One array, or a list of several."""
    many = [None if x is None else np.asarray(x) for x in values]
    return many if len(many) > 1 else many[0]


def listed(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def compiled(model, compile):
    rate, options = {}, compile["optimizer"]["options"]
    if "learningRate" in options:
        rate["learningRate"] = float(options["learningRate"])  # Keras refuses an int, which JSON makes of 1.0
    metrics = [keras_metric(name) for name in compile["metrics"]]
    losses = [loss_of(loss["name"], loss["options"]) for loss in compile["losses"]]
    model.compile(
        optimizer=optimizer_of(compile["optimizer"]["name"], options | rate, compile.get("schedule")),
        loss=losses if len(losses) > 1 else losses[0],
        metrics=[metrics] * len(losses) if len(losses) > 1 else metrics)


def keras_metric(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def data_of(data):
    weight = data.get("sampleWeight")
    return {"x": arrays(data["x"]), "y": arrays(data["y"]), "sample_weight": None if weight is None else np.asarray(weight)}


def numbers(figures):
    return {name: float(figure) for name, figure in figures.items()}


def reset(model):
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def answer_to(case):
    """What it is asked for, or why Keras refuses the case. No case changes the draws of another."""
    keras.utils.set_random_seed(case["seed"])
    try:
        return told_of(case)
    except (TypeError, ValueError) as error:
        return {"refused": str(error)}


def told_of(case):
    """In this order: first weights, predictions, outputs in training, figures, batches one by one, a training."""
    batches, told = case["batches"], {}
    stateful = any((spec.get("layer") or spec)["options"].get("stateful") for spec in case["layers"])
    model = model_of(case["layers"], case["inputs"], case.get("outputs"), len(batches[0][0]) if stateful else None)
    told["initial"] = model.get_weights() if case.get("initial") else []
    if "weights" in case:
        model.set_weights([np.asarray(w) for w in case["weights"]])
    if case.get("predict"):
        told["predictions"] = []
        for k, batch in enumerate(batches):
            if k in case.get("resets", []):
                reset(model)
            # On jax, predict drops the states that a call of the model keeps.
            run = model if stateful else lambda x: model.predict(x, batch_size=len(batch[0]), verbose=0)
            told["predictions"].append([np.asarray(x) for x in listed(run(arrays(batch)))])
    if case.get("training"):
        outputs = model(arrays(batches[0]), training=True)
        told["training"] = listed(outputs)
    if "compile" in case:
        compiled(model, case["compile"])
        reset(model)
    if "evaluate" in case:
        given = case["evaluate"]
        told["figures"] = numbers(
            model.evaluate(**data_of(given), batch_size=given["batchSize"], verbose=0, return_dict=True))
    for data in case.get("onBatches", []):
        told.setdefault("onBatches", []).append(numbers(model.train_on_batch(**data_of(data), return_dict=True)))
    if "fit" in case:
        told |= fitted(model, case["fit"])
    return told


def fitted(model, fit):
    validation = fit.get("validation")
    other = None if validation is None else tuple(x for x in data_of(validation).values() if x is not None)
    weights = fit.get("classWeight")
    history = model.fit(
        **data_of(fit), epochs=fit["epochs"], initial_epoch=fit.get("initialEpoch", 0), batch_size=fit["batchSize"],
        shuffle=False, verbose=0, validation_split=fit.get("validationSplit", 0.0), validation_data=other,
        class_weight=None if weights is None else {int(k): w for k, w in weights.items()})
    return {"history": {name: [float(x) for x in figures] for name, figures in history.history.items()},
            "trained": model.get_weights()}


def answers(cases):
    exactly()
    keras.utils.disable_interactive_logging()
    return [answer_to(case) for case in cases]


if __name__ == "__main__":
    answer(answers)
