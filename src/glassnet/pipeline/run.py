"""A run as a person holds it: its scores, verdict, history, and the network that answers."""

import html
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import durable
from glassnet.data.lock import Lock, read_lock
from glassnet.evaluation.scores import Scores
from glassnet.pipeline.predict import Predictor
from glassnet.recipe import Recipe
from glassnet.runs.folder import RunFolder, find
from glassnet.training.history import History, from_csv

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.taught import Taught


class Run:
    """One run, read from its folder. Nothing is loaded before it is asked for."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @cached_property
    def recipe(self) -> Recipe:
        """The resolved recipe."""
        return self.folder.read_recipe()

    @property
    def scores(self) -> dict[str, Scores]:
        """Scores by split; `test` is there once the test set was opened."""
        return self.folder.read_scores()

    @property
    def history(self) -> History:
        """The learning curve, one row per epoch."""
        return from_csv(self.folder.history.read_text(encoding="utf-8"))

    @property
    def curves(self) -> Any:
        """Loss, score and learning rate over the epochs, to look at in a notebook."""
        from glassnet.report.inline import Shown
        from glassnet.report.markup import tag
        from glassnet.report.sections.curves import charts_of

        best = self.verdict.get("numbers", {}).get("best_epoch")
        charts = charts_of(self.history, int(best) if best else None)
        return Shown(f"learning curves of {self.name}, {len(self.history)} epochs", tag("div", charts, cls="charts"))

    @cached_property
    def lock(self) -> Lock:
        """Which picture is on which side."""
        return read_lock(self.folder.lock)

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict as plain values: kind, sentences, next_step."""
        path = self.folder.path / "verdict.json"
        return durable.read_json(path) if path.exists() else {}

    @property
    def test_opened(self) -> int:
        """How often the sealed test set was opened."""
        return int(self.folder.read_record().get("test_opened") or 0)

    @property
    def environment(self) -> dict[str, Any]:
        """The machine and the versions that trained it."""
        return durable.read_json(self.folder.environment)

    @property
    def report(self) -> Path:
        """The report, one HTML file; `glassnet report` writes it anew."""
        return self.folder.report

    @cached_property
    def predictor(self) -> Predictor:
        """The trained network, ready to answer."""
        return Predictor.of(self.folder.path)

    def predict(self, pictures: Any) -> Any:
        """Answer for one picture (a path or an array uint8 (H, W, C)) or for a list of them. Raises DataError for unreadable ones."""
        return self.predictor.predict(pictures)

    @cached_property
    def taught(self) -> "Taught":
        """The pictures that it was trained on, as its network saw them; opened when they are asked for."""
        from glassnet.pipeline.taught import Taught

        return Taught(self)

    def explain(self, picture: Any) -> "Explained":
        """Return what the network saw in one picture and why it answered so: `.arithmetic("conv2", channel=7, y=3, x=4)`, `.write()`, ….

        `picture` is a path, an array uint8 (H, W, C), or the name of a picture of the run's data set. Raises DataError for unreadable ones.
        """
        from glassnet.pipeline.explaining import explain

        return explain(self, picture)

    def summary(self) -> Any:
        """The table of layers."""
        from glassnet.networks.description import read_description
        from glassnet.networks.summary import summarise

        found = read_description(self.folder.model_json)
        return summarise(found.layers, tuple(found.shape), len(found.classes))

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "run": self.name,
            "folder": str(self.folder.path),
            "scores": {split: scores.as_dict() for split, scores in self.scores.items()},
            "verdict": self.verdict,
            "epochs": len(self.history),
            "test_opened": self.test_opened,
            "test_pictures": int(self.lock.test.size),
        }

    def text(self) -> str:
        """Return scores and verdict in words."""
        parts = [scores.text(brief=True) for scores in self.scores.values()]
        epochs = len(self.history)
        if "validation" in self.scores and "test" not in self.scores and epochs > 1:
            rest = "; the sealed test set's will not" if self.lock.test.size else ""
            parts.append(f"Validation chose the best of {epochs} epochs, so its score flatters a little{rest}.")
        if self.verdict:
            parts.append(self.verdict_text())
        return "\n\n".join(parts)

    def verdict_text(self) -> str:
        """Return the verdict in plain words with the cheapest next thing to try."""
        from glassnet.evaluation.verdict import verdict_from_dict

        return str(verdict_from_dict(self.verdict))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Run({self.name!r})"

    def _repr_html_(self) -> str:
        from glassnet.evaluation.show import folded, scores_side_by_side
        from glassnet.evaluation.verdict import verdict_from_dict

        scores = self.scores
        parts = [f"<h3>{html.escape(self.name)}</h3>", scores_side_by_side(scores)]
        if self.verdict:
            parts.append(verdict_from_dict(self.verdict)._repr_html_())
        parts.append(self.curves._repr_html_())
        parts += [folded(f"Scores: {split}", found._repr_html_()) for split, found in scores.items()]
        parts.append(f"<p>Report: {html.escape(str(self.report))}</p>" if self.report.exists() else "")
        return "".join(parts)


def load(name: str = "last", out: str | Path = "runs") -> Run:
    """Return a run by name, or the newest finished one. Raises RecipeError that says what there is."""
    return Run(find(out, name, finished=name == "last"))
