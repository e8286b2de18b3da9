# ruff: noqa: N803, N806  X is scikit-learn's name for the pictures
"""`ImageClassifier`: the whole way from pictures to a trained network behind scikit-learn's `fit` and `predict`.

    from glassnet import ImageClassifier
    ImageClassifier(epochs=10).fit(X, y).score(X_new, y_new)

Works in pipelines, cross-validation and searches. Needs scikit-learn: `pip install glassnet[sklearn]`. What of scikit-learn's own checks
does not apply to pictures stands in docs/scikit-learn.md.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import DataError

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_array, check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data  # pyrefly: ignore  # its stubs are of an older release
except ImportError as error:
    # ImportError, because that is what code that can do without it catches.
    raise ImportError(
        "ImageClassifier follows scikit-learn's conventions and needs it: pip install 'glassnet[sklearn]'. "
        "gn.train works without it."
    ) from error

_SMALLEST = 4  # pixels per side that a picture must have
_CHANGES = ("rotate", "zoom", "shift", "crop", "brightness", "contrast", "cutout")


class ImageClassifier(ClassifierMixin, BaseEstimator):
    """A convolutional network as a scikit-learn classifier.

    `X` holds pictures: (n, height, width) or (n, height, width, channels) with 1, 3 or 4 channels, bytes, whole numbers or floats in
    [0, 1] or [0, 255]. Rows of numbers (n, features) are taken as pictures one pixel high, their range stretched to that of the training
    data. None means: chosen from the data, as on the command line. The parameters are recipe fields: `network` (a preset or a list of
    layers), `epochs`, `minutes`, `batch`, `optimizer`, `lr`, `dropout`, `size`, `augment` (a dict, or "none"), `threads`, `precision`.
    `validation` is the share that chooses the best epoch and the temperature; 0 trains on all pictures and keeps the last epoch.
    `out` keeps the run folder there, with report and ledger; None keeps nothing on disk. `random_state` as everywhere in scikit-learn.
    `verbose` 1 shows progress.

    After `fit`: `classes_`, `n_features_in_`, `n_iter_` (epochs), `history_` (the learning curve, one row per epoch), `scores_` (on
    validation pictures, where there are any), `run_` (the run, where `out` is given).
    """

    def __init__(
        self,
        network: Any = None,
        *,
        epochs: int | None = None,
        minutes: float | None = None,
        batch: int | None = None,
        optimizer: str | None = None,
        lr: float | None = None,
        dropout: float | None = None,
        size: Any = None,
        augment: Any = None,
        validation: float = 0.0,
        threads: int | None = None,
        precision: str | None = None,
        out: str | Path | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.network = network
        self.epochs = epochs
        self.minutes = minutes
        self.batch = batch
        self.optimizer = optimizer
        self.lr = lr
        self.dropout = dropout
        self.size = size
        self.augment = augment
        self.validation = validation
        self.threads = threads
        self.precision = precision
        self.out = out
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, groups: Any = None) -> "ImageClassifier":
        """Train on pictures X with one label each; `groups` (n,) names what must stay on one side of the validation split.

        Raises ValueError for pictures or labels that cannot be used, and RecipeError for settings.
        """
        X, y = validate_data(self, X, y, allow_nd=True, dtype="numeric", ensure_all_finite=True)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"All labels are of the one class {self.classes_[0]!r}; telling apart needs at least two.")
        if self.out is not None:
            self._train(X, y, groups, Path(self.out))
            return self
        with tempfile.TemporaryDirectory(prefix="glassnet-") as folder:
            self._train(X, y, groups, Path(folder))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most likely class of each picture, (n,) of the labels' type."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return float64 (n, classes), columns in the order of `classes_`, each row summing to 1."""
        check_is_fitted(self)
        X = self._like_fitted(X)
        from glassnet.data.pixels import fit
        from glassnet.data.readers.arrays import to_bytes
        from glassnet.evaluation.calibration import log_probabilities

        try:
            pixels, _, _ = to_bytes(self._pictures(X), self._scale)
        except DataError as error:
            raise ValueError(str(error)) from error
        predictor = self._predictor()
        if pixels.shape[3] != self._channels:
            raise ValueError(f"X holds {pixels.shape[3]} channels per picture, and fit saw {self._channels}.")
        fitted = np.stack([fit(picture, predictor.pixels) for picture in pixels])
        logs = log_probabilities(predictor.read(fitted), predictor.model.temperature)
        return np.exp(logs)[:, self._columns]

    def _train(self, X: np.ndarray, y: np.ndarray, groups: Any, out: Path) -> None:
        from glassnet.data.readers.arrays import from_arrays, label_name
        from glassnet.pipeline.notebook import observer_here
        from glassnet.pipeline.training import train

        self._range = (float(X.min()), float(X.max())) if X.ndim == 2 else None
        pictures = self._pictures(X)
        try:
            catalog = from_arrays(pictures, y.tolist(), groups)
            run = train(self._recipe(pictures), out, observer=observer_here(quiet=not self.verbose), catalog=catalog)
        except DataError as error:
            raise ValueError(str(error)) from error
        assert run is not None
        self._scale = catalog.extras["scale"]
        self._channels = 3 if pictures.ndim == 4 and pictures.shape[3] >= 3 else 1
        self._columns = [catalog.classes.index(label_name(value)) for value in self.classes_.tolist()]
        self._files = {path.name: path.read_bytes() for path in (run.folder.model, run.folder.model_json)}
        self.history_ = run.history
        self.n_iter_ = len(run.history)
        self.scores_ = run.scores.get("validation")
        if self.out is not None:
            self.run_ = run
        self._loaded: Any = None
        self._predictor()

    def _like_fitted(self, X: Any) -> np.ndarray:
        """Return new data as an array of the kind that `fit` saw. Pictures may be of another size: they are fitted, as in training."""
        if self._range is not None:
            X = validate_data(self, X, reset=False, allow_nd=True, dtype="numeric", ensure_all_finite=True)
        else:
            X = check_array(X, allow_nd=True, dtype="numeric", ensure_all_finite=True, estimator=self)  # pyrefly: ignore  # as above
        if (X.ndim == 2) != (self._range is not None):
            seen = "pictures (n, height, width)" if self._range is None else "rows of numbers (n, features)"
            hint = " For one picture, pass X[None]." if X.ndim == 2 else ""
            raise ValueError(f"X has the shape {X.shape}, and fit saw {seen}.{hint}")
        return X

    def _pictures(self, X: np.ndarray) -> np.ndarray:
        """Return rows of numbers as pictures of that one row, float in [0, 1], large enough to be pictures; others as they are."""
        if X.ndim != 2:
            return X
        assert self._range is not None
        low, high = self._range
        rows = np.clip((X.astype(np.float64) - low) / ((high - low) or 1.0), 0, 1)
        wide = np.repeat(rows, -(-_SMALLEST // rows.shape[1]), axis=1)
        return np.repeat(wide[:, None, :], _SMALLEST, axis=1)

    def _recipe(self, pictures: np.ndarray) -> Any:
        from glassnet.recipe import recipe_from

        small = self._range is not None  # rows of numbers have no neighbourhoods to convolve over
        layers = ["flatten", {"dense": 64, "activation": "relu"}, {"dense": "classes"}]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        train = {
            "epochs": self.epochs, "minutes": self.minutes, "batch": self.batch, "optimizer": self.optimizer, "lr": self.lr,
            "dropout": self.dropout, "threads": self.threads, "precision": self.precision, "seed": seed,
        }  # fmt: skip
        data = {
            "root": "arrays",
            "test": 0.0,
            "validation": self.validation,
            "size": self.size or list(pictures.shape[1:3]),
        }
        values: dict[str, Any] = {"data": data, "train": {k: v for k, v in train.items() if v is not None}}
        network = self.network if self.network is not None else layers if small else None
        if network is not None:
            values["network"] = network
        if self.augment == "none" or (self.augment is None and small):
            values["augment"] = {"flip": "none"} | dict.fromkeys(_CHANGES, 0.0)
        elif self.augment is not None:
            values["augment"] = self.augment
        return recipe_from(values)

    def _predictor(self) -> Any:
        if self._loaded is None:
            from glassnet.pipeline.predict import Predictor

            with tempfile.TemporaryDirectory(prefix="glassnet-") as folder:
                for name, content in self._files.items():
                    (Path(folder) / name).write_bytes(content)
                self._loaded = Predictor.of(folder)
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        """Leave the torch network out: weights travel as the bytes of their safetensors file."""
        state = dict(super().__getstate__())
        return state | {"_loaded": None} if "_loaded" in state else state

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn should know: pictures, at least two classes, results that depend on a seed."""
        tags = super().__sklearn_tags__()  # pyrefly: ignore  # its stubs are of an older release
        tags.non_deterministic = self.random_state is None
        tags.input_tags.three_d_array = True
        return tags
