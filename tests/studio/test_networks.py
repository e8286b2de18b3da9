"""Networks in memory: one of each run for all pages, the last few runs, each thing made once; and turns that leave other pages alone."""

import threading
import time

import anyio
import pytest

from glassnet.errors import RecipeError
from glassnet.studio.errands import Errands
from glassnet.studio.glass import glass_of
from glassnet.studio.kept import Kept, in_turns
from glassnet.studio.lessons import Desk
from glassnet.studio.networks import Networks
from glassnet.studio.records import Gone
from glassnet.studio.results import Judgements


def test_pages_share_one_network_of_a_run(studio):
    given = next(run["id"] for run in studio.json("/api/ledger")["rows"] if run["name"] == "first")
    work = studio.work
    glass, judged = glass_of(work, given), Judgements(work).of(given)
    with Desk(work).asked(given).explained(0) as (found, _):
        assert found.predictor is glass.run.predictor is judged.run.predictor
    assert glass_of(work, given) is glass
    again = Networks(work.records, 1).of(given)
    assert again.run is not glass.run and again.stamp == glass.stamp
    with pytest.raises(Gone):
        work.networks.of("0" * 16)


def test_the_last_few_are_kept_and_each_is_made_once():
    kept, made = Kept(2), []

    def slow():
        made.append(1)
        time.sleep(0.05)
        return object()

    found = []
    threads = [threading.Thread(target=lambda: found.append(kept.of("a", slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(set(map(id, found))) == 1
    kept.put("b", 2)
    assert kept.find("a") is found[0]
    kept.put("c", 3)
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == (found[0], None, 3)


def test_who_waits_for_a_turn_holds_no_thread():
    async def main():
        at_work, go_on = [], threading.Event()

        @in_turns(anyio.CapacityLimiter(1))
        def slow(name):
            at_work.append(name)
            assert go_on.wait(60)

        free = anyio.to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as group:
            for name in range(5):
                group.start_soon(slow, name)
            while not at_work:
                await anyio.sleep(0.01)
            await anyio.sleep(0.05)
            held = free.borrowed_tokens, list(at_work)
            go_on.set()
        assert held == (0, [0])
        assert at_work == [0, 1, 2, 3, 4]

    anyio.run(main)


def test_no_more_work_waits_than_the_machine_can_bear():
    errands, end = Errands(2), threading.Event()
    for key in range(16):
        errands.start(key, lambda tell: end.wait(10))
    assert errands.start(0, lambda tell: None).state == "working"  # what goes on already is no new work
    with pytest.raises(RecipeError, match="waiting already"):
        errands.start("one more", lambda tell: None)
    end.set()
