"""Names, states and files of run folders."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from glassnet.choice import Choice
from glassnet.errors import RecipeError, StorageError
from glassnet.runs.folder import RunFolder, find, resumable, runs
from glassnet.runs.names import create, network_name, stem


def _make(out, name, **record):
    import json

    folder = create(out, "", name=name)
    folder.recipe.write_text("network: mini\n")
    if record:
        folder.record.write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("root", "network", "expected"),
    [
        ("photos", "fast", "photos-fast"),
        ("/home/me/My Photos (2026)/", "tutorial", "my-photos-2026-tutorial"),
        ("../sets/cifar10.tar.gz", "timm/resnet50.a1", "cifar10-timm-resnet50-a1"),
        ("写真", "fast", "写真-fast"),
        ("..", "fast", "pictures-fast"),
    ],
)
def test_names_are_readable(root, network, expected):
    assert stem(root, network) == expected


def test_two_layer_lists_have_two_names_and_one_list_has_one():
    a, b = [{"conv": 8}, "flatten"], [{"conv": 9}, "flatten"]
    assert network_name(a) == network_name(list(a)) != network_name(b)


def test_numbers_go_on_and_skip_what_the_ledger_remembers(tmp_path):
    assert create(tmp_path, "photos-fast").name == "photos-fast-001"
    assert create(tmp_path, "photos-fast").name == "photos-fast-002"
    assert create(tmp_path, "photos-fast", taken={"photos-fast-007", "other-009"}).name == "photos-fast-008"
    assert create(tmp_path, "photos").name == "photos-001"


def _create_many(arguments):
    out, count = arguments
    return [create(out, "xo-fast").name for _ in range(count)]


def test_eight_processes_never_get_the_same_name(tmp_path):
    with multiprocessing.get_context("fork").Pool(8) as pool:
        names = [n for part in pool.map(_create_many, [(tmp_path, 40)] * 8) for n in part]
    assert len(set(names)) == len(names) == 320
    assert {p.name for p in tmp_path.iterdir()} == set(names)


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", ".hidden", "-x", "last", "a\nb", "con:", " a", "x" * 121, "ledger.db"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(RecipeError):
        create(tmp_path / "out", "", name=name)
    assert not (tmp_path / "up").exists()


def test_a_name_is_not_given_twice(tmp_path):
    create(tmp_path, "", name="mine")
    with pytest.raises(RecipeError, match="glassnet resume mine"):
        create(tmp_path, "", name="mine")


def test_find_by_name_path_and_last(tmp_path):
    _make(tmp_path, "a", status="done", planned_at="2026-01-02T00:00:00.000000+00:00")
    _make(tmp_path, "b", status="interrupted", planned_at="2026-01-03T00:00:00.000000+00:00")
    (tmp_path / ".store").mkdir()
    (tmp_path / "notes").mkdir()
    assert [run.name for run in runs(tmp_path)] == ["a", "b"]
    assert find(tmp_path).name == "b"
    assert find(tmp_path, finished=True).name == "a"
    assert find(tmp_path, "a").name == find(tmp_path, str(tmp_path / "a") + "/").name == "a"


def test_a_wrong_name_gets_the_nearest_one(tmp_path):
    _make(tmp_path, "photos-fast-001")
    with pytest.raises(RecipeError, match="Did you mean photos-fast-001"):
        find(tmp_path, "photos-fats-001")
    with pytest.raises(RecipeError, match="no runs"):
        find(tmp_path / "empty")
    with pytest.raises(RecipeError, match="is done"):
        find(tmp_path, finished=True)


def test_a_running_run_is_held_by_its_process_and_interrupted_without_it(tmp_path):
    run = _make(tmp_path, "a", status="running")
    assert run.state() == "interrupted"
    with run.held():
        assert run.state() == "running" and not run.can_resume()
        with pytest.raises(StorageError, match="Another process is training a"), run.held(patience=0.05):
            pass
    assert run.state() == "interrupted" and run.can_resume()


def test_the_lock_dies_with_its_process(tmp_path):
    run = _make(tmp_path, "a", status="running")
    code = f"from glassnet.runs.folder import RunFolder as R\nwith R({str(run.path)!r}).held():\n print('held', flush=True)\n input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    assert run.state() == "running" and resumable(tmp_path) is None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert run.state() == "interrupted" and resumable(tmp_path) == run


def test_resumable_is_the_newest_that_can_be_gone_on_with(tmp_path):
    _make(tmp_path, "a", status="interrupted", planned_at="2026-01-01T00:00:00.000000+00:00")
    full = _make(tmp_path, "b", status="failed", exit_code=5, planned_at="2026-01-02T00:00:00.000000+00:00")
    _make(tmp_path, "c", status="failed", exit_code=7, planned_at="2026-01-03T00:00:00.000000+00:00")
    _make(tmp_path, "d", status="done", planned_at="2026-01-04T00:00:00.000000+00:00")
    assert resumable(tmp_path).name == "a"  # b has nothing to go on from, c would fail again, d is at its end
    full.checkpoint.mkdir()
    assert resumable(tmp_path).name == "b"
    assert resumable(tmp_path / "nowhere") is None


def test_files_read_back_what_was_written(tmp_path, recipe, scores):
    run = create(tmp_path, "a")
    run.write_recipe(recipe)
    choices = [Choice("train.batch", 32, "small set"), Choice("data.size", [32, 48], "median")]
    run.write_choices(choices)
    run.write_scores(scores("validation"))
    run.write_scores(scores("test", 0.1 + 0.7))
    run.write_scores(scores("validation", 1 / 3))
    assert run.read_recipe() == recipe
    assert run.read_choices() == choices
    assert run.read_scores() == {"validation": scores("validation", 1 / 3), "test": scores("test", 0.1 + 0.7)}
    run.note("one\ntwo")
    assert [line[21:] for line in run.log.read_text().splitlines()] == ["one", "two"]


@pytest.mark.parametrize("text", ["{", "[]", '{"status": "odd"}', '{"status": NaN}'])
def test_a_damaged_record_is_said(tmp_path, text):
    run = create(tmp_path, "a")
    run.record.write_text(text)
    with pytest.raises(StorageError, match="damaged"):
        run.read_record()


def test_light_rooms_stay_light():
    code = (
        "import sys, glassnet.runs.folder, glassnet.runs.names, glassnet.runs.query, glassnet.runs.listing, glassnet.runs.environment\n"
        "print([m for m in ('torch', 'numpy', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    code = "import sys, glassnet.runs.ledger; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_run_folder_takes_text_as_path():
    assert RunFolder("runs/a").recipe == RunFolder("runs/a").path / "recipe.yaml"
