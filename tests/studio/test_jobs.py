"""Trainings are processes of their own: another studio, opened after a crash of the first, finds them and can stop them."""

import time

from glassnet.runs.folder import find
from glassnet.studio.jobs import Jobs


def wait(for_what, timeout=60):
    end = time.monotonic() + timeout
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_training_outlives_the_studio_that_started_it(photos, tmp_path):
    first = Jobs(tmp_path)
    settings = {
        "network": "mini",
        "train.epochs": "4000",
        "train.threads": "1",
        "train.precision": "fp32",
        "train.batch": "8",
    }
    job = first.train(str(photos / "photos"), settings, None)
    child = first._children[job.id]
    second = Jobs(tmp_path)
    try:
        (seen,) = second.all()
        assert second.is_alive(seen)
        wait(lambda: second.run_of(seen) is not None)
        name = second.run_of(seen)
        assert name == "photos-mini-001"
        wait(lambda: find(tmp_path, name).history.exists())
        assert second.of_run(name) == seen
        second.stop(seen)
        assert child.wait(60) == 75
        assert not second.is_alive(seen)
        assert find(tmp_path, name).can_resume()
        second.forget(seen)
        assert second.all() == []
    finally:
        if child.poll() is None:
            child.kill()


def test_what_kept_a_training_from_beginning_is_kept(tmp_path):
    jobs = Jobs(tmp_path / "runs")
    job = jobs.train(str(tmp_path / "nothing here"), {}, None)
    wait(lambda: not jobs.is_alive(job))
    found = jobs.as_dict(job)
    assert found["exit_code"] == 3
    assert "nothing here" in found["error"]
