"""Real pictures, where they are at hand: `../shared/data` beside the checkout, or the folder that GLASSNET_REAL_DATA names.

Without them these tests say so, loudly, in the summary of every run.
"""

import json

import pytest

from glassnet.cli import main
from glassnet.data.readers import recognise
from glassnet.data.sources import ArchiveSource


@pytest.mark.real
def test_cifar10_is_read_in_place_from_its_two_archives(real):
    catalog = recognise(real("cifar10"))
    assert len(catalog) == 60_000
    assert catalog.given_splits == ("train", "test")
    assert catalog.classes == ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    assert isinstance(catalog.source, ArchiveSource)  # read where it is, nothing unpacked
    key = catalog.examples[31_234].key
    assert catalog.source.read(key)[:2] == b"\xff\xd8"


@pytest.mark.real
def test_clothes_are_audited_and_their_given_splits_respected(real, tmp_path, capsys):
    assert main(["audit", str(real("clothing10")), "--out", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["statistics"]["splits"] == {"train": 1026, "validation": 117, "test": 126}
    codes = {finding["code"]: finding for finding in found["findings"]}
    assert not found["quarantined"]
    assert "imbalance" in " ".join(codes) or any("largest class" in f["title"] for f in found["findings"])


@pytest.mark.real
def test_two_classes_of_clothes_are_learned_and_the_report_is_written(real, tmp_path, capsys):
    words = ["train", str(real("clothing-binary")), "--size", "64", "--epochs", "12", "--out", str(tmp_path), "--json"]
    assert main(words) == 0
    run = json.loads(capsys.readouterr().out)
    main_score = run["scores"]["validation"]["figures"]["accuracy"]
    assert main_score["n"] == 56
    assert main_score["value"] > 0.8
    assert (tmp_path / run["run"] / "report.html").stat().st_size < 6_000_000
