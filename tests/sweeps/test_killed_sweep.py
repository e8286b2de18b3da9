"""Kill anything: no row is lost, none is run twice to its end, none is missing, and the bits are those of a sweep that was left alone."""

import os
import signal
import subprocess
import time

import pytest

from glassnet.sweeps.stopping import hearing
from glassnet.training.signals import watching

GRID = ["--set", "train.lr=0.001,0.003,0.01,0.03", "--set", "train.dropout=0,0.2,0.4", "--set", "train.batch=8,16"]
SMALL = ["--set", "train.lr=0.01,0.03", "--set", "train.dropout=0,0.2"]
SAMPLED = [
    "--set",
    "train.lr=1e-3..1e-1:log",
    "--set",
    "train.dropout=0..0.5",
    "--method",
    "tpe",
    "--combinations",
    "8",
]
GONE_S = 60.0


@pytest.fixture(scope="module")
def undisturbed(photos, sweep, book, tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    assert sweep(photos, *GRID, *tiny, "--on", "here", "--out", out) == 0
    return book(out)


@pytest.fixture(scope="module")
def killed(photos, nursery, book, tiny, is_alive, tmp_path_factory):
    """A grid of 24 in a pool: its process group is killed, then one worker, then the parent alone; what was on record at each kill."""
    out = tmp_path_factory.mktemp("killed")
    records, seen = book(out), []

    def far(done):
        return lambda rows: (
            sum(row.status == "done" for row in rows) >= done
            and any(row.status == "running" and row.epochs_done for row in rows)
        )

    def kill(sign_to):
        sign_to()
        seen.append({row.id: row for row in records.rows() if row.status == "done"})

    pool = ["--on", "pool", "--workers", "2", "--out", out]
    command = nursery.start("sweep", photos, *GRID, *tiny, *pool)
    records.wait_for(far(3), command)
    kill(command.kill_group)
    assert command.wait() == -signal.SIGKILL

    command = nursery.start("sweep", "--resume", *pool)
    records.wait_for(far(8), command)
    first = command.workers()
    kill(lambda: os.kill(first[0], signal.SIGKILL))
    records.wait_for(lambda rows: far(14)(rows) and len(command.workers()) == 2, command)
    workers = command.workers()
    assert first[0] not in workers and first[1] in workers, "the dead one is replaced, the other goes on"
    kill(lambda: os.kill(command.pid, signal.SIGKILL))
    end = time.monotonic() + GONE_S
    while any(map(is_alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    orphans = [pid for pid in workers if is_alive(pid)]
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
    assert not orphans, "workers leave when their parent is gone"
    assert command.wait() == -signal.SIGKILL
    assert "running" not in {row.status for row in records.rows()}
    seen.append({row.id: row for row in records.rows() if row.status == "done"})
    assert len(seen[-1]) < 24, "they do not go on to the end by themselves"

    command = nursery.start("sweep", "--resume", "--on", "here", "--out", out)
    assert command.wait() == 0, command.said()
    return records, seen


def test_a_grid_killed_three_times_ends_with_every_row_done(killed):
    records, _ = killed
    rows = records.rows()
    assert [row.status for row in rows] == ["done"] * 24
    assert sorted(row.combination for row in rows) == list(range(1, 25))
    assert len({tuple(sorted(row.chosen.items())) for row in rows}) == 24
    folder = records.out / "bars-sweep-001"
    assert "</html>" in (folder / "report.html").read_text()
    assert len((folder / "combinations.csv").read_text().splitlines()) == 25
    assert records.ledger.check() == []


def test_what_was_done_is_never_run_again(killed):
    records, seen = killed
    last = {row.id: row for row in records.rows()}
    for before in seen:
        for number, row in before.items():
            assert (last[number].token, last[number].ended_at) == (row.token, row.ended_at), row.name
    for row in last.values():
        said = records.log(row)
        assert said.count(f"training {row.name}") <= row.token
        if row.token == 1:
            assert said.count("epoch 4 of 4") == 1 and said.count("training ") == 1
    assert sum(row.token > 1 for row in last.values()) <= 8, "at most two runs were under way at each kill"


def test_killed_pool_and_undisturbed_process_give_the_same_bits(killed, undisturbed):
    killed[0].same_bits(undisturbed)


def test_the_test_set_was_opened_once_after_all_of_it(killed, undisturbed):
    for records in (killed[0], undisturbed):
        opened = [row for row in records.rows() if row.test_opened]
        assert [(row.id, row.test_opened) for row in opened] == [(records.ledger.sweep().winner, 1)]
        assert opened[0].headline("test") is not None


def test_ctrl_c_in_a_pool_saves_all_and_says_how_to_go_on(photos, nursery, book, tiny, is_alive, tmp_path):
    slow = [*tiny, "--epochs", "600"]  # epochs
    command = nursery.start("sweep", photos, *SMALL, *slow, "--on", "pool", "--workers", "2", "--out", tmp_path)
    records = book(tmp_path)
    records.wait_for(lambda rows: sum(row.status == "running" and row.epochs_done > 0 for row in rows) == 2, command)
    workers = command.workers()
    command.kill_group(signal.SIGINT)
    assert command.wait() == 75
    said = command.said()
    assert f"Go on with `glassnet sweep --resume bars-sweep-001 --out {tmp_path}`" in said and "Traceback" not in said
    assert not any(map(is_alive, workers))
    stopped = [row for row in records.rows() if row.status == "interrupted"]
    assert len(stopped) == 2 and all(row.exit_code == 75 for row in stopped), "they saved by themselves"
    assert all(any(records.folder(row).checkpoint.glob("*.json")) for row in stopped)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_one_process_is_exit_75_and_the_rest_follows(sign, photos, nursery, sweep, book, tiny, tmp_path):
    command = nursery.start("sweep", photos, *SMALL, *tiny, "--on", "here", "--out", tmp_path)
    records = book(tmp_path)
    records.wait_for(lambda rows: rows[0].status == "done", command)
    command.kill_group(sign)
    assert command.wait() == 75, command.said()
    assert "bars-sweep-001 was interrupted; everything is saved" in command.said()
    assert records.counted("done") < 4 and records.counted("running") == 0
    assert sweep("--resume", "--on", "here", "--out", tmp_path) == 0
    assert records.counted("done") == 4


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_last_step_of_a_run_still_ends_the_sweep(sign):
    with hearing() as heard:
        heard.check()
        with watching() as stop:  # the run ends as if nothing had come
            signal.raise_signal(sign)
            assert stop
        with pytest.raises(KeyboardInterrupt):
            heard.check()
        heard.check()


def test_a_sampled_sweep_proposes_the_same_after_a_kill(photos, nursery, sweep, book, tiny, tmp_path):
    options = [photos, *SAMPLED, *tiny, "--on", "here"]
    assert sweep(*options, "--out", tmp_path / "whole") == 0
    command = nursery.start("sweep", *options, "--out", tmp_path / "killed")
    records, whole = book(tmp_path / "killed"), book(tmp_path / "whole")
    records.wait_for(
        lambda rows: sum(row.status in ("done", "pruned") for row in rows) >= 4 and rows[-1].status == "running",
        command,
    )
    command.kill_group()
    command.wait()
    assert len(records.rows()) < 8
    assert sweep("--resume", "--on", "here", "--out", tmp_path / "killed") == 0
    assert len(records.rows()) == 8
    assert [(row.chosen, row.status) for row in records.rows()] == [(row.chosen, row.status) for row in whole.rows()]


def test_a_full_disk_stops_with_a_sentence_and_resume_goes_on(photos, nursery, book, tiny, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        records = book(disk)
        slow = [*tiny, "--epochs", "40"]
        command = nursery.start("sweep", photos, *SMALL, *slow, "--on", "here", "--out", disk)
        records.wait_for(lambda rows: rows[0].status == "done", command)
        fill(disk / "ballast")
        assert command.wait() in (5, 8), command.said()
        assert "glassnet sweep --resume bars-sweep-001" in command.said() and "Traceback" not in command.said()
        (disk / "ballast").unlink()
        command = nursery.start("sweep", "--resume", "--on", "here", "--out", disk)
        assert command.wait() == 0, command.said()
        assert records.counted("done") == 4
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
