import functools
import hashlib
import http.server
import io
import sys
import tarfile
import threading

import numpy as np
import pytest

from glassnet.data import pixels
from glassnet.data.builtin import cifar10, xo
from glassnet.data.readers import recognise
from glassnet.errors import DataError, NetworkError

NAMES = ["airplane", "automobile", "bird"]


def batches(per_batch=4, names=NAMES, spoil=None):
    """A release in the official format, small: {file name: bytes}, and the pixels and classes inside."""
    rng = np.random.default_rng(0)
    files = {"batches.meta.txt": ("\n".join(names) + "\n\n").encode(), "readme.html": b"<html></html>"}
    content = {}
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        planes = rng.integers(0, 256, (per_batch, 3, 32, 32), np.uint8)
        numbers = (np.arange(per_batch) % len(names)).astype(np.uint8)
        files[name] = b"".join(bytes([n]) + p.tobytes() for n, p in zip(numbers.tolist(), planes, strict=True))
        content[name] = (numbers, planes)
    return files | (spoil or {}), content


def tar_gz(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


@pytest.fixture
def served(tmp_path):
    """Serve a small release; gives (url, sha256, content, folder that is served)."""
    folder = tmp_path / "www"
    folder.mkdir()
    files, content = batches()
    data = tar_gz(files)
    (folder / "cifar-10-binary.tar.gz").write_bytes(data)
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=folder))
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    yield (
        f"http://127.0.0.1:{httpd.server_port}/cifar-10-binary.tar.gz",
        hashlib.sha256(data).hexdigest(),
        content,
        folder,
    )
    httpd.shutdown()
    httpd.server_close()


def test_cifar10_is_fetched_once_and_read_record_by_record(served, tmp_path):
    url, sha256, content, folder = served
    cache = tmp_path / "cache"
    catalog = cifar10.catalog(cache, None, url, sha256, None)
    assert catalog.layout == "recognised: CIFAR-10 binary batches, 3 classes, train 20 + test 4 images"
    assert catalog.classes == tuple(NAMES)
    numbers, planes = content["data_batch_2.bin"]
    example = catalog.examples[4 + 3]
    assert (example.annotation.name, example.split) == (NAMES[numbers[3]], "train")
    found = pixels.decode(catalog.source.read(example.key))
    for channel in range(3):
        np.testing.assert_array_equal(found[:, :, channel], planes[3, channel])
    assert catalog.examples[-1].split == "test"
    (folder / "cifar-10-binary.tar.gz").unlink()
    assert len(cifar10.catalog(cache, None, url, sha256, None)) == 24


def test_cifar10_with_another_checksum_is_refused(served, tmp_path):
    url, *_ = served
    with pytest.raises(NetworkError, match="SHA-256"):
        cifar10.catalog(tmp_path / "cache", None, url, "0" * 64, None)


def test_the_official_address_and_checksum_are_what_the_name_stands_for():
    assert cifar10.URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert (len(cifar10.SHA256), cifar10.SIZE) == (64, 170_052_171)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_release_that_is_already_there_is_recognised(tmp_path, kind):
    files, _ = batches()
    root = tmp_path / ("cifar.tar.gz" if kind == "archive" else "cifar-10-batches-bin")
    if kind == "archive":
        root.write_bytes(tar_gz(files))
    else:
        root.mkdir()
        for name, data in files.items():
            (root / name).write_bytes(data)
    assert "train 20 + test 4" in recognise(root).layout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"data_batch_3.bin": bytes(5000)}, "data_batch_3.bin has 5,000 bytes"),
        ({"data_batch_3.bin": b""}, "data_batch_3.bin has 0 bytes"),
        ({"test_batch.bin": b"\x07" + bytes(3072)}, "record 0: class number 7, but only 3"),
        ({"batches.meta.txt": b"one\n"}, "at least two different classes"),
        ({"batches.meta.txt": b"a\na\nb\n"}, "at least two different classes"),
        ({"batches.meta.txt": b"\xff\xfe\xfa"}, "not UTF-8"),
    ],
)
def test_spoiled_batches_are_refused(tmp_path, spoil, words):
    files, _ = batches(spoil=spoil)
    (tmp_path / "c.tar.gz").write_bytes(tar_gz(files))
    with pytest.raises(DataError, match=words):
        recognise(tmp_path / "c.tar.gz")


def test_xo_is_the_same_every_time_and_says_what_it_is(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    catalog = recognise("xo")
    assert catalog.layout == "built-in: xo, 2 classes, 600 drawn images of 32 × 32 grey pixels"
    assert catalog.classes == ("o", "x")
    assert [sum(e.annotation.name == c for e in catalog.examples) for c in catalog.classes] == [300, 300]
    whole, labels = xo.draw(10)
    few, _ = xo.draw(4)
    np.testing.assert_array_equal(whole[:4], few)
    np.testing.assert_array_equal(pixels.decode(catalog.source.read("xo/000007")), whole[7])
    assert catalog.examples[7].annotation.name == "ox"[labels[7]]
    assert not np.array_equal(xo.draw(4, seed=1)[0], few)


def test_xo_in_colour_and_other_sizes():
    pictures, _ = xo.draw(6, side=24, color="rgb")
    assert pictures.shape == (6, 24, 24, 3)
    assert (pictures.std(axis=(1, 2)).mean(axis=1) > 15).all()
    assert any((p[:, :, 0] != p[:, :, 2]).any() for p in pictures)


def test_xo_cannot_be_told_by_its_brightness_or_border_and_not_wholly_by_thumbnails():
    pictures, labels = xo.draw(600)
    grey = pictures[:, :, :, 0].astype(float)
    train, test = slice(0, 450), slice(450, 600)

    def nearest(features):
        distance = ((features[test][:, None] - features[train][None]) ** 2).sum(-1)
        return (labels[train][distance.argmin(1)] == labels[test]).mean()

    counts = np.stack([np.histogram(p, 16, (0, 256))[0] for p in grey])
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    thumbnails = grey.reshape(-1, 8, 4, 8, 4).mean((2, 4)).reshape(600, -1)
    assert nearest(counts) < 0.65
    assert nearest(border) < 0.65
    assert nearest(thumbnails) < 0.95


def test_digits_come_from_scikit_learn(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    datasets = pytest.importorskip("sklearn.datasets")
    catalog = recognise("digits")
    assert len(catalog) == 1797
    assert catalog.classes == tuple("0123456789")
    original = datasets.load_digits()
    for row in (0, 900, 1796):
        found = pixels.decode(catalog.source.read(f"digits/{row:06d}"))[:, :, 0]
        assert np.abs(found / 255 * 16 - original.images[row]).max() < 0.05
        assert catalog.examples[row].annotation.name == str(original.target[row])


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        recognise("digits")


def test_a_folder_of_a_built_in_name_wins_and_is_said(monkeypatch, folder):
    root = folder({f"{c}/1.png": None for c in ("a", "b")}, "xo")
    monkeypatch.chdir(root.parent)
    catalog = recognise("xo")
    assert catalog.classes == ("a", "b")
    assert any("built-in" in note for note in catalog.notes)
