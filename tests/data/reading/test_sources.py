import gzip
import io
import multiprocessing
import pickle
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data import archives, pixels
from glassnet.data.sources import ArchiveSource, ArraySource, FolderSource
from glassnet.errors import DataError


def tar_of(entries, kind="w:gz", tar_format=tarfile.GNU_FORMAT):
    """A tar of (name or TarInfo, bytes)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=kind, format=tar_format) as tar:
        for name, data in entries:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if data is not None:
                info.size = len(data)
            tar.addfile(info, None if data is None else io.BytesIO(data))
    return file.getvalue()


def zip_of(entries, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def source_of(tmp_path, data, name):
    (tmp_path / name).write_bytes(data)
    return ArchiveSource(tmp_path / name)


FILES = {f"{c}/{i:03}.jpg": bytes([i]) * (i * 37) for c in ("cat", "dog") for i in range(20)}


@pytest.fixture(params=["folder", "p.tar", "p.tar.gz", "p.tgz", "p.zip", "stored.zip", "array", "large.tar.gz"])
def filled(request, tmp_path, monkeypatch):
    """(source, {key: bytes}): the contract every source is held to."""
    name = request.param
    if name == "array":
        values = np.random.default_rng(0).integers(0, 256, (40, 3, 4, 1), np.uint8)
        return ArraySource(values), {f"array/{i:06d}": pixels.pack(values[i]) for i in range(40)}
    if name == "folder":
        for key, data in FILES.items():
            (tmp_path / key).parent.mkdir(exist_ok=True)
            (tmp_path / key).write_bytes(data)
        return FolderSource(tmp_path), FILES
    if name == "large.tar.gz":
        monkeypatch.setattr(archives, "KEEP", 1000)
    packed = tar_of(FILES.items(), "w" if name.endswith(".tar") else "w:gz") if "tar" in name or "tgz" in name else None
    method = zipfile.ZIP_STORED if name.startswith("stored") else zipfile.ZIP_DEFLATED
    source = source_of(tmp_path, packed or zip_of(FILES.items(), method), name)
    return source, {f"{name}/{key}": data for key, data in FILES.items()}


class TestEverySource:
    def test_reads_in_any_order(self, filled):
        source, expected = filled
        keys = list(expected)
        for key in keys[::-1] + keys[::3]:
            assert source.read(key) == expected[key]

    def test_iterates_over_exactly_what_was_asked(self, filled):
        source, expected = filled
        asked = list(expected)[::-2]
        assert dict(source.iterate(asked)) == {key: expected[key] for key in asked}

    def test_a_missing_key_is_a_data_error_and_does_not_end_the_walk(self, filled):
        source, expected = filled
        keys = list(expected)
        with pytest.raises(DataError):
            source.read("nothing/here.jpg")
        if not isinstance(source, ArchiveSource):
            found = dict(source.iterate([keys[0], "nothing/here.jpg", keys[1]]))
            assert isinstance(found["nothing/here.jpg"], DataError)
            assert found[keys[1]] == expected[keys[1]]

    def test_stamps_tell_size_and_are_stable(self, filled):
        source, expected = filled
        for key in list(expected)[:5]:
            size, sign = source.stamp(key)
            assert isinstance(sign, int)
            assert source.stamp(key) == (size, sign)
            if not isinstance(source, ArraySource):
                assert size == len(expected[key])
        with pytest.raises(DataError):
            source.stamp("nothing/here.jpg")

    def test_reads_again_after_release_and_after_pickling(self, filled):
        source, expected = filled
        source.read(next(iter(expected)))
        source.release()
        again = pickle.loads(pickle.dumps(source))
        for key in list(expected)[:7]:
            assert source.read(key) == again.read(key) == expected[key]

    def test_worker_processes_read(self, filled):
        source, expected = filled
        keys = list(expected)
        source.read(keys[3])
        # A bound method of the package: spawned processes cannot import this test file under every name that pytest gives it.
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            assert pool.map(source.read, keys) == [expected[key] for key in keys]


def test_changed_array_rows_have_another_stamp():
    values = np.zeros((2, 4, 4, 1), np.uint8)
    before = ArraySource(values.copy()).stamp("array/000001")
    values[1, 2, 2] = 1
    assert ArraySource(values).stamp("array/000001") != before
    assert ArraySource(values).stamp("array/000000") == before


def test_the_walk_agrees_with_tarfile_on_long_and_foreign_names(tmp_path):
    names = ["a" * 90 + "/" + "b" * 150 + ".jpg", "ä/ö.jpg", "x" * 120 + "/1.jpg", "short.jpg", "./dot/2.jpg"]
    for number, kind in enumerate((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT)):
        chosen = names if kind != tarfile.USTAR_FORMAT else names[2:]
        data = tar_of([(name, name.encode() * 50) for name in chosen], tar_format=kind)
        source = source_of(tmp_path, data, f"{number}.tar.gz")
        found = {key.partition("/")[2]: source.read(key) for key in source.every_key()}
        assert found == {name.removeprefix("./"): name.encode() * 50 for name in chosen}


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_hostile_members_of_a_tar_are_kept_out_with_reasons(tmp_path):
    entries = [
        ("good/1.jpg", b"1"),
        ("/etc/passwd", b"x"),
        ("../../up.jpg", b"x"),
        ("good/../../up.jpg", b"x"),
        (special("link.jpg", tarfile.SYMTYPE, "/etc/passwd"), None),
        (special("hard.jpg", tarfile.LNKTYPE, "good/1.jpg"), None),
        (special("device.jpg", tarfile.CHRTYPE), None),
        (special("pipe.jpg", tarfile.FIFOTYPE), None),
        ("good/1.jpg", b"another"),
        ("C:\\windows\\x.jpg", b"x"),
        ("good/2.jpg", b"2"),
    ]
    source = source_of(tmp_path, tar_of(entries), "bad.tar.gz")
    assert {key: source.read(key) for key in source.every_key()} == {
        "bad.tar.gz/good/1.jpg": b"1",
        "bad.tar.gz/good/2.jpg": b"2",
    }
    faults = dict(source.archives["bad.tar.gz"].faults)
    for name, word in {
        "/etc/passwd": "absolute",
        "../../up.jpg": "..",
        "good/../../up.jpg": "..",
        "link.jpg": "link",
        "hard.jpg": "link",
        "device.jpg": "device",
        "pipe.jpg": "pipe",
        "good/1.jpg": "twice",
        "C:/windows/x.jpg": "absolute",
    }.items():
        assert word in faults[name], name


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_a_member_that_declares_terabytes_costs_nothing(tmp_path, ending):
    info = tarfile.TarInfo("huge.jpg")
    info.size = 8 << 40
    blocks = tar_of([("good/1.jpg", b"1")], "w")[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(512)
    source = source_of(tmp_path, gzip.compress(blocks) if ending == ".tar.gz" else blocks, "x" + ending)
    assert list(source.every_key()) == [f"x{ending}/good/1.jpg"]
    assert "8,796,093,022,208" in dict(source.archives["x" + ending].faults)["huge.jpg"]


def test_a_gzip_bomb_is_refused_without_unpacking_it_all(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "KEEP", 1 << 20)
    monkeypatch.setattr(archives, "_BOMB_BYTES", 4 << 20)
    data = tar_of([("zeros.jpg", bytes(40 << 20))])
    with pytest.raises(DataError, match="exhaust a machine"):
        source_of(tmp_path, data, "bomb.tar.gz")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_tar_that_breaks_off_gives_what_stands_before_and_says_so(tmp_path, share):
    rng = np.random.default_rng(0)
    files = {f"cat/{i:02}.jpg": rng.bytes(3000) for i in range(30)}
    whole = tar_of(files.items())
    for name, data in (
        ("a.tar.gz", whole[: int(len(whole) * share)]),
        ("b.tar", gzip.decompress(whole)[: int(95_000 * share)]),
    ):
        source = source_of(tmp_path, data, name)
        found = list(source.every_key())
        assert 3 < len(found) < 30
        assert source.archives[name].faults
        for key in found:
            assert source.read(key) == files[key.partition("/")[2]]


def test_what_is_no_archive_is_a_data_error(tmp_path):
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        for data in (b"hello, this is no archive at all" * 40, b"\x1f\x8bnot really gzip", b"PK\3\4 broken"):
            with pytest.raises(DataError):
                source_of(tmp_path, data, name)
    with pytest.raises(DataError):
        ArchiveSource(tmp_path / "missing.zip")


def test_hostile_members_of_a_zip_are_kept_out_with_reasons(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    entries = [
        ("good/1.jpg", b"1"),
        ("/abs.jpg", b"x"),
        ("../up.jpg", b"x"),
        (link, b"/etc/passwd"),
        ("zeros.bmp", bytes(100 << 20)),
    ]
    data = bytearray(zip_of(entries))
    source = source_of(tmp_path, bytes(data), "bad.zip")
    faults = dict(source.archives["bad.zip"].faults)
    assert list(source.every_key()) == ["bad.zip/good/1.jpg"]
    assert "absolute" in faults["/abs.jpg"]
    assert ".." in faults["../up.jpg"]
    assert "link" in faults["link.jpg"]
    assert "bombs" in faults["zeros.bmp"]


def test_a_zip_member_that_is_encrypted_oddly_packed_or_damaged(tmp_path):
    locked = bytearray(zip_of([("a.jpg", b"secret")]))
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in dict(source_of(tmp_path, bytes(locked), "l.zip").archives["l.zip"].faults)["a.jpg"]
    packed = source_of(tmp_path, zip_of([("a.jpg", b"x" * 999)], zipfile.ZIP_LZMA), "p.zip")
    assert "method 14" in dict(packed.archives["p.zip"].faults)["a.jpg"]
    damaged = bytearray(zip_of([("a.jpg", b"0123456789" * 9)], zipfile.ZIP_STORED))
    damaged[damaged.index(b"0123456789") + 40] ^= 1
    with pytest.raises(DataError, match="checksum"):
        source_of(tmp_path, bytes(damaged), "d.zip").read("d.zip/a.jpg")
    lying = bytearray(zip_of([("a.jpg", bytes(10_000))]))
    at = lying.index(b"PK\1\2")
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(DataError, match="checksum"):
        source_of(tmp_path, bytes(lying), "y.zip").read("y.zip/a.jpg")


def test_a_zip_member_without_a_name_is_kept_out(tmp_path):
    files = {f"c/{i}.jpg": bytes([i]) * 300 for i in range(4)}
    whole = bytearray(zip_of(files.items()))
    whole[whole.index(b"PK\1\2") + 46] = 0  # zipfile cuts a name at its first zero byte
    archive = source_of(tmp_path, bytes(whole), "n.zip").archives["n.zip"]
    assert list(archive.members) == ["c/1.jpg", "c/2.jpg", "c/3.jpg"]
    assert "empty" in dict(archive.faults)[""]


@pytest.mark.parametrize("name", ["f.tar", "f.tar.gz", "f.zip"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_archives_give_bytes_or_data_errors_and_nothing_else(name, data, tmp_path_factory):
    files = {f"c/{i}.jpg": bytes([i]) * 300 for i in range(4)}
    whole = bytearray(
        zip_of(files.items()) if name == "f.zip" else tar_of(files.items(), "w" if name == "f.tar" else "w:gz")
    )
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, min(len(whole), 3000) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(whole)
    try:
        source = ArchiveSource(path)
    except DataError:
        return
    for _, found in source.iterate(source.every_key()):
        assert isinstance(found, bytes | DataError)


def test_a_file_is_read_whole_or_explained(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"x" * 100)
    (tmp_path / "dir.jpg").mkdir()
    source = FolderSource(tmp_path)
    for key in ("gone.jpg", "dir.jpg"):
        with pytest.raises(DataError, match=key):
            source.read(key)
    monkeypatch.setattr("glassnet.data.sources.MAX_MEMBER", 50)
    with pytest.raises(DataError, match="100 bytes"):
        source.read("a.jpg")


@pytest.mark.real
def test_the_cifar_archive_reads_as_tarfile_reads_it(real):
    path = real("cifar10") / "cifar10-test.tar.gz"
    source = ArchiveSource(path)
    with tarfile.open(path) as tar:
        expected = {f"{path.name}/{m.name}": tar.extractfile(m).read() for m in tar if m.isfile()}
    assert dict(source.iterate(source.every_key())) == expected
