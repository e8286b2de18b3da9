"""Any bytes in the place of an annotation file: a catalog or a DataError, never anything else."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from glassnet.data.readers import recognise
from glassnet.errors import DataError

XML = (
    b"<annotation><filename>0.png</filename><size><width>100</width><height>80</height></size><object><name>cat</name>"
    b"<difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
JSON = json.dumps(
    {
        "images": [{"id": 1, "file_name": "0.png", "height": 80, "width": 100}, {"id": 2, "file_name": "1.png"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4, 5, 6]]},
            {
                "id": 2,
                "image_id": 2,
                "category_id": 1,
                "bbox": [1, 2, 3, 4],
                "segmentation": {"size": [8, 10], "counts": "PP1"},
            },
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
).encode()
FORMATS = {
    "Annotations/0.xml": (XML, {"Annotations/1.xml": XML}),
    "all.json": (JSON, {}),
    "labels/0.txt": (b"0 .5 .5 .1 .1\n1 .1 .1 .2 .2 .3 .3\n", {"labels/1.txt": b"0 .5 .5 .1 .1", "classes.txt": b"cat\ndog"}),
    "data.yaml": (b"train: images\nnc: 2\nnames: [cat, dog]\n", {"labels/0.txt": b"0 .5 .5 .1 .1"}),
    "boxes.csv": (b"file,label,x1,y1,x2,y2\n0.png,cat,1,2,3,4\n1.png,dog,1,2,3,4\n", {}),
    "ImageSets/Main/train.txt": (b"0\n1\n", {"Annotations/0.xml": XML, "Annotations/1.xml": XML}),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoiled_bytes_give_a_catalog_or_a_data_error(name, data, tmp_path_factory, picture):
    whole, beside = FORMATS[name]
    body = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 12))] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"1e999", b"NaN", b"null", b"-", b"[]", b"{}", b'""', b"\xff", b"9" * 40, b"../"])
        )
    check(tmp_path_factory, picture, beside | {name: bytes(body)})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["size", "counts", "name", "id"]), inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entry=st.dictionaries(
        st.sampled_from(["id", "image_id", "category_id", "bbox", "segmentation", "iscrowd"]), VALUES
    ),
    image=st.dictionaries(st.sampled_from(["id", "file_name", "height", "width"]), VALUES),
    category=st.dictionaries(st.sampled_from(["id", "name"]), VALUES),
)
@example(entry={"segmentation": {"size": [80, 100], "counts": [10**30]}}, image={}, category={})
@example(entry={"bbox": [1, 2, 3, 10**400], "iscrowd": []}, image={}, category={})
def test_any_values_in_a_json_entry_give_a_catalog_or_a_data_error(entry, image, category, tmp_path_factory, picture):
    values = json.loads(JSON)
    values["annotations"].append({"image_id": 1, "category_id": 1} | entry)
    values["images"].append(image)
    if category:
        values["categories"].append(category)
    check(tmp_path_factory, picture, {"all.json": json.dumps(values).encode()})


def check(tmp_path_factory, picture, files):
    root = tmp_path_factory.mktemp("spoiled")
    for path, body in files.items() | {("images/0.png", picture()), ("images/1.png", picture())}:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    try:
        catalog = recognise(root, task="detect")
    except DataError as error:
        assert len(str(error)) < 1500
        return
    for found in catalog.examples:
        assert all(fault.code and fault.reason.endswith((".", "?")) for fault in found.annotation.faults)
        assert all(abs(side) < 1e8 for thing in found.annotation.things for side in thing.box or ())
