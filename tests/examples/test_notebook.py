"""The notebook runs from its first cell to its last in a real kernel, shows what it promises, and is stored without outputs."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first-network.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "2"
    try:
        NotebookClient(
            notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    finally:
        os.environ.pop("OMP_NUM_THREADS")
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before
    return notebook, folder


def html_of(notebook, source):
    cell = next(c for c in notebook.cells if c.cell_type == "code" and c.source.strip().endswith(source))
    return "".join(
        o["data"].get("text/html", "") for o in cell.outputs if o.output_type in ("execute_result", "display_data")
    )


def test_every_cell_runs_and_shows_itself(executed):
    notebook, folder = executed
    assert "Audit" in html_of(notebook, "pictures")
    assert html_of(notebook, 'gn.show("xo", 10)').count("data:image/webp") == 10
    expected = (
        122_570 - 2 * 32 * 9 - 8 * 65
    )  # the published table, for one channel and two classes instead of three and ten
    assert f"{expected:,}" in html_of(notebook, "classes=2)")
    assert html_of(notebook, "run.curves").count("<svg") == 3
    reached = re.search(r"test: accuracy (\d\.\d+) \[", html_of(notebook, 'run.scores["test"]'))
    assert reached and float(reached[1]) > 0.9  # more than the trivial models, which the page shows beside it
    answer = next(c for c in notebook.cells if c.source.strip().startswith("import numpy"))
    assert answer.outputs[-1]["data"]["text/plain"].startswith("('x', ")
    assert list((folder / "runs").glob("xo-tutorial-*/report.html"))


def test_training_shows_one_line_that_changes_in_place(executed):
    notebook, _ = executed
    cell = next(c for c in notebook.cells if "gn.train(" in c.source)
    bars = [o for o in cell.outputs if "<progress" in o.get("data", {}).get("text/html", "")]
    trained = [bar for bar in bars if "epoch" in bar["data"]["text/html"]]
    assert len(trained) == 1 and "epoch 20 of 20" in trained[0]["data"]["text/html"]


def test_it_is_stored_without_outputs_and_without_paths():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
    assert "/home/" not in NOTEBOOK.read_text(encoding="utf-8")
