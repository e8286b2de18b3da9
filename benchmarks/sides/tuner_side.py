"""KerasTuner on TensorFlow: a grid over learning rate and dropout of the tutorial network, each tried once. Runs in the Keras environment.

    python tuner_side.py FOLDER EPOCHS RATE,RATE,… DROPOUT,DROPOUT,…

Pictures are read once with `image_dataset_from_directory` and cached in memory as arrays, which is the fastest way to feed the tuner.
"""

import json
import os
import sys
import tempfile

import keras
import keras_tuner
import numpy as np
import tensorflow as tf
from keras import layers

THREADS = int(os.environ["BENCH_THREADS"])
BATCH, VALIDATION = 64, 0.15


def arrays(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """Read every picture of the folder."""
    data = keras.utils.image_dataset_from_directory(folder, image_size=(32, 32), batch_size=1000, seed=0, verbose=False)
    parts = [(x.numpy(), y.numpy()) for x, y in data]
    return np.concatenate([x for x, _ in parts]) / np.float32(255), np.concatenate([y for _, y in parts])


def builder(rates: list[float], dropouts: list[float]):
    """Return what builds a model from the tuner's choice."""

    def build(choice: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"), layers.Flatten(),
            layers.Dropout(choice.Choice("dropout", dropouts)), layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ])  # fmt: skip
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(choice.Choice("lr", rates)), loss, metrics=["accuracy"])
        return model

    return build


def main() -> None:
    folder, epochs, rates, dropouts = sys.argv[1:]
    x, y = arrays(folder)
    cut = int(len(x) * (1 - VALIDATION))
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-tuner-") as place:
        build = builder([float(v) for v in rates.split(",")], [float(v) for v in dropouts.split(",")])
        tuner = keras_tuner.GridSearch(build, objective="val_accuracy", directory=place, project_name="grid")
        held = {"validation_data": (x[cut:], y[cut:]), "batch_size": BATCH, "verbose": 0}
        tuner.search(x[:cut], y[:cut], epochs=int(epochs), **held)
        trials = tuner.oracle.get_best_trials(1000)
    done = [trial for trial in trials if trial.status == "COMPLETED"]
    print(json.dumps({"trials": len(done), "best": max((trial.score for trial in done), default=None)}), flush=True)


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    main()
