import errno
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import pytest
import torch
from safetensors.torch import save

from glassnet import durable
from glassnet.data.pixels import PixelSettings
from glassnet.errors import ModelFileError, StorageError
from glassnet.networks.description import read_description, seal
from glassnet.networks.files import DESCRIPTION, WEIGHTS, load_model, save_model
from glassnet.networks.network import build

PIXELS = PixelSettings(8, 8, "pad", "grey")
TINY = [{"conv": 2, "kernel": 3, "activation": "relu"}, "batch_norm", {"global_pool": "max"}, {"dense": "classes"}]


def tiny(seed=0, classes=("O", "X")):
    return build(TINY, (1, 8, 8), classes, seed=seed)


@pytest.fixture
def folder(tmp_path):
    save_model(tmp_path / "m", tiny(), task="classify", pixels=PIXELS, extra={"threshold": 0.5}, temperature=1.5)
    return tmp_path / "m"


def test_everything_comes_back(tmp_path, every_word):
    network = build(every_word, (3, 16, 16), ["Äpfel", 'b\u0000"\\', "🍒", "d"], seed=2)
    network.prepare(torch.rand(20, 3, 16, 16))
    extra = {"views": "mirror", "nested": [1, 2.5, None, {"a": True}]}
    save_model(tmp_path, network, task="classify", pixels=PixelSettings(16, 16), extra=extra, temperature=0.7)
    model = load_model(tmp_path)
    x = torch.rand(5, 3, 16, 16)
    assert torch.equal(model.network(x), network.eval()(x))
    assert model.classes == network.classes == model.network.classes
    assert (model.task, model.temperature, model.extra, model.pixels, model.notes) == (
        "classify",
        0.7,
        extra,
        PixelSettings(16, 16),
        (),
    )
    assert model.network.layers == network.layers and model.network.ready and not model.network.training
    assert model.network.preprocessing == PixelSettings(16, 16).as_dict()
    assert not [
        name
        for name, p in model.network.named_parameters()
        if p.requires_grad != dict(network.named_parameters())[name].requires_grad
    ]


def test_the_same_network_gives_the_same_bytes(folder, tmp_path):
    save_model(tmp_path / "again", tiny(), task="classify", pixels=PIXELS, extra={"threshold": 0.5}, temperature=1.5)
    for name in (WEIGHTS, DESCRIPTION):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_model_is_its_folder_or_either_file(folder):
    x = torch.rand(1, 1, 8, 8)
    answers = [load_model(path).network(x) for path in (folder, folder / DESCRIPTION, folder / WEIGHTS, str(folder))]
    assert all(torch.equal(a, answers[0]) for a in answers)
    (folder / DESCRIPTION).unlink()
    assert load_model(folder).classes == ("O", "X"), "the weights carry their description"


@pytest.mark.parametrize("name", [WEIGHTS, DESCRIPTION])
def test_a_flipped_bit_anywhere_is_refused(folder, name):
    path = folder / name
    good = path.read_bytes()
    places = range(len(good)) if name == DESCRIPTION else [*range(0, 160), *range(160, len(good), 3)]
    for place in places:
        spoiled = bytearray(good)
        spoiled[place] ^= 1 << (place % 8)
        path.write_bytes(spoiled)
        with pytest.raises(ModelFileError):
            load_model(folder)
    path.write_bytes(good)
    assert load_model(folder).notes == ()


@pytest.mark.parametrize("name", [WEIGHTS, DESCRIPTION])
def test_a_cut_or_lengthened_file_is_refused(folder, name):
    path = folder / name
    good = path.read_bytes()
    for data in (b"", good[:5], good[:100], good[:-1], good + b"\n", good + b"\0", good + good):
        path.write_bytes(data)
        with pytest.raises(ModelFileError):
            load_model(folder)


def test_a_crash_between_the_two_writes_leaves_the_new_network_whole(folder, monkeypatch):
    def dies(path, text):
        raise StorageError("power cut")

    newer = tiny(seed=5, classes=("A", "B", "C"))
    monkeypatch.setattr(durable, "write_text", dies)
    with pytest.raises(StorageError):
        save_model(folder, newer, task="classify", pixels=PIXELS)
    model = load_model(folder)
    x = torch.rand(2, 1, 8, 8)
    assert model.classes == ("A", "B", "C") and torch.equal(model.network(x), newer.eval()(x))
    assert "earlier save" in model.notes[0]


def test_a_full_disk_leaves_the_old_pair(folder, monkeypatch):
    x = torch.rand(2, 1, 8, 8)
    before = load_model(folder).network(x)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        save_model(folder, tiny(seed=5), task="classify", pixels=PIXELS)
    monkeypatch.undo()
    model = load_model(folder)
    assert torch.equal(model.network(x), before) and model.notes == ()
    assert sorted(p.name for p in folder.iterdir()) == [DESCRIPTION, WEIGHTS]


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def test_foreign_formats_are_refused_without_being_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "m.pt",
        "m.pth",
        "m.pkl",
        "m.bin",
        "m.ckpt",
        "m.joblib",
        "m.npz",
        "m.h5",
        "m.keras",
        "m.onnx",
        "m.safetensors",
        "model.json",
        "noname",
    ):
        (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(ModelFileError, match=r"refused|not UTF-8"):
            load_model(tmp_path / name)
    folder = tmp_path / "run"
    folder.mkdir()
    torch.save({"a": Bomb()}, folder / WEIGHTS)
    assert zipfile.is_zipfile(folder / WEIGHTS)
    with pytest.raises(ModelFileError, match=r"torch\.save"):
        load_model(folder)
    (folder / WEIGHTS).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelFileError, match="HDF5"):
        load_model(folder)
    assert not (tmp_path / "exploded").exists()


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no .*model.safetensors"):
        load_model(tmp_path)
    with pytest.raises(ModelFileError, match="no model"):
        load_model(tmp_path / "cat.jpg")
    (tmp_path / WEIGHTS).write_bytes(save({"a": torch.zeros(3)}))
    with pytest.raises(ModelFileError, match="not what network they are of"):
        load_model(tmp_path)


def forge(folder, **changes):
    """Write a model whose hashes are right but whose description is what an attacker likes."""
    values = json.loads((folder / DESCRIPTION).read_text())
    for key in ("sha256", "weights"):
        values.pop(key)
    data = (folder / WEIGHTS).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = {"glassnet": seal({**values, **changes})}
    text = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    (folder / DESCRIPTION).unlink()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"layers": ["flatten", {"dense": 5_000_000}, {"dense": "classes"}]}, r"bytes of weights and holds|do not fit"),
        ({"layers": ["flatten", {"dense": 10_000_000}, {"dense": "classes"}]}, r"cannot be built: .*640,000,000|weights"),
        ({"layers": [{"upsample": 64}, {"upsample": 64}, {"upsample": 64}, *TINY]}, r"too large to compute"),
        ({"layers": ["relu"] * 5000}, r"at most 1,000"),
        ({"layers": [{"wat": 1}]}, r"no layer"),
        ({"layers": [{"conv": 2, "kernel": 2}, *TINY[1:]]}, r"do not fit the layers"),
        ({"shape": [1, 60000, 60000], "pixels": PixelSettings(60000, 60000, "pad", "grey").as_dict()}, r"cannot be built|too large"),
        ({"shape": [3, 8, 8]}, r"pixel settings"),
        ({"shape": [1, 8]}, r"shape"),
        ({"shape": [1, 8, "8"]}, r"shape"),
        ({"pixels": {"height": 8}}, r"pixel settings"),
        ({"classes": ["X", "X"]}, r"twice"),
        ({"classes": ["X"] * 3}, r"twice"),
        ({"classes": "XO"}, r"classes"),
        ({"temperature": 0.0}, r"temperature"),
        ({"version": 99}, r"newer Glassnet \(format 99"),
        ({"format": "other"}, r"format"),
        ({"surprise": 1}, r"surprise"),
        ({"task": "../../etc"}, r"task"),
    ],
)  # fmt: skip
def test_hostile_descriptions_are_refused_before_anything_is_built(folder, changes, sentence):
    forge(folder, **changes)
    with pytest.raises(ModelFileError, match=sentence):
        load_model(folder)


def test_deeply_nested_json_is_refused(folder):
    (folder / DESCRIPTION).write_text("[" * 200_000)
    with pytest.raises(ModelFileError):
        load_model(folder)


def test_numbers_that_are_not_json_cannot_be_saved(tmp_path):
    for extra in ({"a": float("nan")}, {"a": object()}, {1: 2}):
        with pytest.raises(ValueError, match="extra"):
            save_model(tmp_path, tiny(), task="classify", pixels=PIXELS, extra=extra)
    assert not list(tmp_path.iterdir())


def test_the_description_is_read_without_torch(folder):
    code = (
        "import sys; from glassnet.networks.description import read_description; "
        f"d = read_description({str(folder)!r}); print(d.classes, d.temperature, d.extra); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['O', 'X'] 1.5 {'threshold': 0.5}"
    assert read_description(folder).weights.sha256 == durable.sha256_file(folder / WEIGHTS)


def test_weights_are_stored_as_float32_whatever_they_were_trained_in(tmp_path):
    save_model(tmp_path, tiny().to(torch.bfloat16), task="classify", pixels=PIXELS)
    assert {p.dtype for p in load_model(tmp_path).network.parameters()} == {torch.float32}
