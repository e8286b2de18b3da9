"""Keras on TensorFlow, as its own tutorials write it. Runs in the Keras environment: python keras_side.py steps|files|tutorial …

The network is the tutorial's (122,570 parameters) with Keras' defaults: Glorot uniform weights, zero biases, Adam at 0.001.
"""

import json
import os
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

THREADS = int(os.environ["BENCH_THREADS"])


def network(rescale: bool) -> keras.Model:
    """The tutorial network, compiled. `rescale` puts the division by 255 inside, as the image-folder tutorial does."""
    first = [layers.Rescaling(1.0 / 255)] if rescale else []
    model = keras.Sequential([
        keras.Input((32, 32, 3)), *first,
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10),
    ])  # fmt: skip
    if model.count_params() != 122_570:
        sys.exit(f"the peer's network has {model.count_params()} parameters, not 122,570")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


class EpochTime(keras.callbacks.Callback):
    """Seconds of the epoch itself, without what `fit` does around it: what is fairest to Keras."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.start
        self.loss = float(logs["loss"])


def steps(path: str, batch: int, count: int) -> None:
    """Warm up, then do `count` steps of `fit` on arrays in memory for every line on standard input."""
    held = np.load(path)
    n = batch * count
    chosen = np.random.default_rng(0).permutation(len(held["x_train"]))[:n]
    x, y = held["x_train"][chosen].astype("float32") / 255.0, held["y_train"][chosen]
    model, timer = network(rescale=False), EpochTime()
    for _ in range(2):
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0, callbacks=[timer])
    say({"ready": {"parameters": model.count_params(), "loss": timer.loss}})
    for _ in sys.stdin:
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0, callbacks=[timer])
        say({"images": len(x), "seconds": timer.seconds, "loss": timer.loss})


def files(folder: str, batch: int) -> None:
    """From a folder of JPEG files to the end of epoch 1."""
    data = keras.utils.image_dataset_from_directory(
        folder, image_size=(32, 32), batch_size=batch, seed=0, verbose=False
    )
    history = network(rescale=True).fit(data.prefetch(tf.data.AUTOTUNE), epochs=1, verbose=0)
    print("epoch 1 done", flush=True)
    say({"loss": history.history["loss"][-1]})


def tutorial(path: str, epochs: int, limit: int, seed: int) -> None:
    """The tutorial's recipe: batch 32, the test pictures as validation data."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    held = np.load(path)
    chosen = np.random.default_rng(0).permutation(len(held["x_train"]))[:limit]
    x, y = held["x_train"][chosen] / 255.0, held["y_train"][chosen]
    validation = (held["x_test"] / 255.0, held["y_test"])
    history = network(rescale=False).fit(x, y, batch_size=32, epochs=epochs, validation_data=validation, verbose=0)
    scores = [float(v) for v in history.history["val_accuracy"]]
    say({"accuracy": scores[-1], "best": max(scores), "seconds": time.perf_counter() - start})


def say(value: dict) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    verb, place, *numbers = sys.argv[1:]
    {"steps": steps, "files": files, "tutorial": tutorial}[verb](place, *(int(n) for n in numbers))
