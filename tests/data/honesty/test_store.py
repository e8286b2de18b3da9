import hashlib
import os
import signal
import subprocess
import sys
import threading
import zlib

import numpy as np
import pytest

from glassnet.data import scan, shelf
from glassnet.data import store as store_module
from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.data.pixels import PixelSettings, load
from glassnet.data.readers import from_arrays, recognise
from glassnet.data.rows import BAD, GOOD
from glassnet.data.store import open_store
from glassnet.errors import DataError, StorageError

COUNTS = {"cat": 20, "dog": 15}


def bytes_of(paint, catalog):
    return [(paint.root / example.key).read_bytes() for example in catalog.examples]


def test_every_row_is_what_load_gives_with_hash_size_and_statistics(paint, tmp_path):
    paint.classes(COUNTS, size=50)
    catalog, store = paint.store(tmp_path / "store")
    assert len(store) == 35 and store.good.all() and not store.notes and store.reread == 35
    for i, data in enumerate(bytes_of(paint, catalog)):
        expected = load(data, store.settings)
        row = store.rows[i]
        np.testing.assert_array_equal(store.pixels[i], expected)
        assert row["sha256"].tobytes() == hashlib.sha256(data).digest()
        assert (row["height"], row["width"], row["format"], row["mode"]) == (50, 50, b"PNG", b"RGB")
        assert row["check"] == zlib.crc32(expected.tobytes())
        np.testing.assert_allclose(row["mean"], expected.reshape(-1, 3).mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(row["std"], expected.reshape(-1, 3).std(axis=0), rtol=1e-3)
        assert not row["grey"] and not row["mismatch"]
    with pytest.raises(ValueError, match="read-only"):
        store.pixels[0] = 0


def test_a_second_visit_opens_no_picture(paint, tmp_path, monkeypatch):
    paint.classes(COUNTS)
    _, first = paint.store(tmp_path / "store")
    monkeypatch.setattr(scan, "scan_chunk", lambda *_: pytest.fail("a picture was read again"))
    _, second = paint.store(tmp_path / "store")
    assert second.reread == 0
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.rows, second.rows)


def test_changed_added_and_removed_pictures_cost_only_themselves(paint, draw, tmp_path):
    paint.classes(COUNTS)
    catalog, before = paint.store(tmp_path / "store")
    mapped = np.array(before.pixels)
    paint.save("cat/0003.png", draw(77))
    paint.save("cat/0003a.png", draw(78))
    (paint.root / "dog/0000.png").unlink()
    catalog, after = paint.store(tmp_path / "store")
    assert after.reread == 2 and len(after) == 35
    for i, data in enumerate(bytes_of(paint, catalog)):
        np.testing.assert_array_equal(after.pixels[i], load(data, after.settings))
    np.testing.assert_array_equal(before.pixels, mapped)  # whoever still trains on the old pixels keeps them


def test_what_is_touched_or_renamed_is_not_decoded_again(paint, tmp_path, monkeypatch):
    paint.classes(COUNTS)
    paint.store(tmp_path / "store")
    os.utime(paint.root / "cat/0001.png", ns=(1, 1))
    (paint.root / "dog/0002.png").rename(paint.root / "dog/zzz.png")
    monkeypatch.setattr(scan, "load", lambda *_: pytest.fail("decoded again"))
    catalog, after = paint.store(tmp_path / "store")
    assert after.reread == 2 and after.good.all()
    monkeypatch.undo()
    row = [e.key for e in catalog.examples].index("dog/zzz.png")
    np.testing.assert_array_equal(after.pixels[row], load((paint.root / "dog/zzz.png").read_bytes(), after.settings))


def test_a_bad_picture_is_black_has_its_reason_and_heals(paint, draw, tmp_path):
    paint.classes({"cat": 4, "dog": 4})
    whole = (paint.root / "cat/0002.png").read_bytes()
    (paint.root / "cat/0002.png").write_bytes(whole[: len(whole) // 2])
    catalog, store = paint.store(tmp_path / "store")
    row = [e.key for e in catalog.examples].index("cat/0002.png")
    assert list(store.problems) == [row] and store.problems[row].code == "truncated"
    assert store.rows["status"][row] == BAD and not store.pixels[row].any()
    assert paint.store(tmp_path / "store")[1].problems == store.problems
    (paint.root / "cat/0002.png").write_bytes(whole)
    _, healed = paint.store(tmp_path / "store")
    assert not healed.problems and healed.rows["status"][row] == GOOD and healed.reread == 1


def test_a_file_that_vanished_after_listing_is_a_problem_not_a_crash(paint, tmp_path):
    paint.classes({"cat": 4, "dog": 4})
    catalog = paint.catalog()
    (paint.root / catalog.examples[0].key).unlink()
    store = open_store(catalog, PixelSettings(16, 16), tmp_path / "store")
    assert list(store.problems) == [0]


def test_settings_have_stores_of_their_own(paint, tmp_path):
    paint.classes({"cat": 2, "dog": 2})
    sizes = [paint.store(tmp_path / "store", size)[1].pixels.shape for size in (16, 24, 16)]
    assert sizes == [(4, 16, 16, 3), (4, 24, 24, 3), (4, 16, 16, 3)]


def test_forked_threaded_and_single_passes_give_the_same_bytes(paint, tmp_path, monkeypatch):
    paint.classes({"cat": 30, "dog": 30}, size=40)
    catalog, big = paint.catalog(), PixelSettings(160, 160)
    single = open_store(catalog, big, tmp_path / "one", workers=1)
    monkeypatch.setattr(scan, "can_fork", lambda: True)
    forked = open_store(catalog, big, tmp_path / "forked", workers=3)
    monkeypatch.setattr(scan, "can_fork", lambda: False)
    monkeypatch.setattr(scan, "_TINY_FILE", 0)
    threaded = open_store(catalog, big, tmp_path / "threads", workers=3)
    for other in (forked, threaded):
        np.testing.assert_array_equal(single.pixels, other.pixels)
        np.testing.assert_array_equal(single.rows, other.rows)


def test_no_fork_with_threads_or_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    assert not scan.can_fork()
    monkeypatch.delitem(sys.modules, "torch")
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not scan.can_fork()
    finally:
        stop.set()
        thread.join()


KILLED = """
import os, signal, sys
from glassnet.data import store
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
store._SAVE_EVERY = 0.0
def progress(done, total):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
store.open_store(recognise(sys.argv[1]), PixelSettings(256, 256), sys.argv[2], workers=2, progress=progress)
"""


@pytest.mark.parametrize("kill_at", [1, 60])
def test_a_killed_visit_continues_where_it_was(paint, tmp_path, kill_at):
    paint.classes({"cat": 60, "dog": 60}, size=32)
    arguments = [sys.executable, "-c", KILLED, str(paint.root), str(tmp_path / "store"), str(kill_at)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    catalog = recognise(paint.root)
    store = open_store(catalog, PixelSettings(256, 256), tmp_path / "store")
    # What the callback had been told is safe except the chunk whose telling was the end of it.
    assert store.reread <= 120 - (0 if kill_at == 1 else 20) and not store.notes
    fresh = open_store(catalog, PixelSettings(256, 256), tmp_path / "fresh")
    np.testing.assert_array_equal(store.pixels, fresh.pixels)
    np.testing.assert_array_equal(store.rows, fresh.rows)
    assert len(list((tmp_path / "store").glob("*/pixels-*"))) == 1


def test_an_interrupt_keeps_what_was_done(paint, tmp_path, monkeypatch):
    paint.classes({"cat": 60, "dog": 60}, size=32)

    def progress(done, total):
        if done >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_store(paint.catalog(), PixelSettings(256, 256), tmp_path / "store", workers=2, progress=progress)
    paint.save("cat/0000a.png", np.full((9, 9, 3), 7, np.uint8))  # even when the catalog changed in between
    store = open_store(paint.catalog(), PixelSettings(256, 256), tmp_path / "store")
    assert 1 <= store.reread <= 61 and store.good.all()


def only(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


@pytest.mark.parametrize("where", ["pixels-*", "index"])
def test_one_flipped_bit_is_found_said_and_mended(paint, tmp_path, where):
    paint.classes(COUNTS)
    _, good = paint.store(tmp_path / "store")
    expected = np.array(good.pixels)
    path = only(tmp_path / "store", f"*/{where}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    heard = []
    _, mended = paint.store(tmp_path / "store", say=heard.append)
    np.testing.assert_array_equal(mended.pixels, expected)
    assert mended.reread == (1 if where == "pixels-*" else 35)
    assert len(mended.notes) == 1 and "read again" in mended.notes[0] and heard == list(mended.notes)
    assert not paint.store(tmp_path / "store")[1].notes


@pytest.mark.parametrize("damage", ["cut", "gone", "empty index", "foreign index"])
def test_a_truncated_or_missing_part_is_said_and_rebuilt(paint, tmp_path, damage):
    paint.classes(COUNTS)
    _, good = paint.store(tmp_path / "store")
    expected = np.array(good.pixels)
    del good
    pixels, index = only(tmp_path / "store", "*/pixels-*"), only(tmp_path / "store", "*/index")
    if damage == "cut":
        pixels.write_bytes(pixels.read_bytes()[:-5])
    elif damage == "gone":
        pixels.unlink()
    else:
        index.write_bytes(b"" if damage == "empty index" else b"GLASSNET-STORE-1\n[1]\n")
    _, rebuilt = paint.store(tmp_path / "store")
    np.testing.assert_array_equal(rebuilt.pixels, expected)
    assert rebuilt.reread == 35 and "cannot be used" in rebuilt.notes[0]


def test_two_processes_at_once_do_the_work_once(paint, tmp_path):
    paint.classes({"cat": 40, "dog": 40}, size=32)
    code = (
        "import sys; from glassnet.data.store import open_store; from glassnet.data.pixels import PixelSettings\n"
        "from glassnet.data.readers import recognise\n"
        "s = open_store(recognise(sys.argv[1]), PixelSettings(128, 128), sys.argv[2]); print(s.reread, int(s.pixels.sum()))"
    )
    arguments = [sys.executable, "-c", code, str(paint.root), str(tmp_path / "store")]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate()[0].split() for process in both]
    assert sorted(int(answer[0]) for answer in answers) == [0, 80]
    assert answers[0][1] == answers[1][1]


def test_waiting_for_a_lock_is_said_and_ends(paint, tmp_path):
    paint.classes({"cat": 2, "dog": 2})
    folder = tmp_path / "store"
    paint.store(folder)
    heard = []
    with (
        shelf.locked(only(folder, "*"), 1.0, heard.append),
        pytest.raises(StorageError, match="for more than 0 seconds"),
    ):
        paint.store(folder, say=heard.append, patience=0.2)
    assert len(heard) == 1 and "waiting" in heard[0]
    assert paint.store(folder)[1].reread == 0


class Deadly:
    """A source whose third picture kills the process that reads it, as a decoder crash would."""

    def __init__(self, files, parent):
        self.files, self.parent = files, parent

    def read(self, key):
        if key == "c/0002.png" and os.getpid() != self.parent:
            os._exit(11)
        return self.files[key]

    def stamp(self, key):
        return len(self.files[key]), 0


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_a_picture_that_kills_its_worker_is_found_and_the_rest_is_kept(paint, tmp_path, monkeypatch):
    paint.classes({"c": 40}, size=32)
    keys = [f"c/{i:04d}.png" for i in range(40)]
    source = Deadly({key: (paint.root / key).read_bytes() for key in keys}, os.getpid())
    catalog = Catalog("deadly", "", "classify", ("c",), tuple(Example(key, ClassLabel("c")) for key in keys), source)
    monkeypatch.setattr(scan, "can_fork", lambda: True)
    store = open_store(catalog, PixelSettings(256, 256), tmp_path / "store", workers=2)
    assert {row: problem.code for row, problem in store.problems.items()} == {2: "crashed"}
    assert store.good.sum() == 39
    source.parent = 0
    source.files["c/0002.png"] = source.files["c/0003.png"]
    monkeypatch.setattr(scan, "can_fork", lambda: False)
    source.parent = os.getpid()
    assert not open_store(catalog, PixelSettings(256, 256), tmp_path / "store").problems  # it is tried again


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits")
def test_a_full_disk_is_explained(paint, tmp_path):
    paint.classes({"cat": 20, "dog": 20})
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from glassnet.data.store import open_store; from glassnet.data.pixels import PixelSettings\n"
        "from glassnet.data.readers import recognise; from glassnet.errors import StorageError\n"
        "try: open_store(recognise(sys.argv[1]), PixelSettings(128, 128), sys.argv[2])\n"
        "except StorageError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(paint.root), str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "needs 2 MB" in done.stdout and "pixels-" in done.stdout
    assert not list((tmp_path / "store").glob("*/pixels-*"))


def test_arrays_are_stored_as_they_are(draw, tmp_path):
    pictures = np.stack([draw(i, 20, 20) for i in range(30)])
    catalog = from_arrays(pictures, np.arange(30) % 3)
    store = open_store(catalog, PixelSettings(20, 20), tmp_path / "store")
    np.testing.assert_array_equal(store.pixels, pictures)
    assert open_store(catalog, PixelSettings(20, 20), tmp_path / "store").reread == 0


def test_an_archive_is_read_in_place(paint, tmp_path):
    paint.classes({"cat": 6, "dog": 6})
    subprocess.run(["tar", "czf", tmp_path / "photos.tar.gz", "-C", paint.root, "cat", "dog"], check=True)
    folder, plain = paint.store(tmp_path / "store")
    archive = recognise(tmp_path / "photos.tar.gz")
    packed = open_store(archive, PixelSettings(32, 32), tmp_path / "store")
    row = {example.key: i for i, example in enumerate(folder.examples)}
    assert len(archive) == 12
    for i, example in enumerate(archive.examples):
        np.testing.assert_array_equal(packed.pixels[i], plain.pixels[row[example.key.partition("/")[2]]])


def test_grey_flag_needs_every_pixel(paint, draw, tmp_path):
    flat = np.repeat(draw(1)[:, :, :1], 3, axis=2)
    spot = flat.copy()
    spot[10:16, 10:16] = (200, 20, 20)
    for name, pixels in (("a/grey", flat), ("a/spot", spot), ("b/colour", draw(2)), ("b/mode", flat[:, :, 0])):
        paint.save(f"{name}.png", pixels)
    catalog, store = paint.store(tmp_path / "store", 48)
    grey = {example.key: bool(flag) for example, flag in zip(catalog.examples, store.rows["grey"], strict=True)}
    assert grey == {"a/grey.png": True, "a/spot.png": False, "b/colour.png": False, "b/mode.png": True}


def test_a_source_without_iterate_serves_too(paint, tmp_path):
    paint.classes({"c": 3, "d": 3})

    class Plain:
        def read(self, key):
            if key == "c/0001.png":
                raise DataError("the shelf is empty")
            return (paint.root / key).read_bytes()

        def stamp(self, key):
            return 1, 1

    catalog = paint.catalog()
    catalog = Catalog("plain", "", "classify", catalog.classes, catalog.examples, Plain())
    store = open_store(catalog, PixelSettings(16, 16), tmp_path / "store")
    assert [p.reason for p in store.problems.values()] == ["the shelf is empty"]
    assert store_module.GOOD == GOOD and store.good.sum() == 5
