import pytest

from glassnet.data.readers import recognise
from glassnet.errors import DataError


def table(text, name="boxes.csv"):
    return {f"images/{i}.png": None for i in range(4)} | {name: text}


PLAIN = "file,label,x1,y1,x2,y2\n0.png,cat,10,20,30,50\n0.png,dog,1,2,3,4\n1.png,cat,0,0,100,80\n2.png,,,,,\n"


def test_a_table_of_boxes_is_recognised_and_said(folder, things):
    catalog = recognise(folder(table(PLAIN)))
    assert catalog.layout == "recognised: boxes in boxes.csv, 2 classes, 3 images, 3 boxes, 1 of the images without any"
    assert catalog.answers == ("detect",)
    assert [(t.label, t.box) for t in things(catalog, "images/0.png").things] == [
        ("cat", (10, 20, 30, 50)),
        ("dog", (1, 2, 3, 4)),
    ]
    assert any("not used (1), as they are not in boxes.csv: images/3.png" in note for note in catalog.notes)


@pytest.mark.parametrize(
    ("header", "line", "size"),
    [
        ("filename,width,height,class,xmin,ymin,xmax,ymax", "{},100,80,cat,10,20,30,50", (80, 100)),
        ("image;class;x;y;w;h", "{};cat;10;20;20;30", None),
        ("image_path,class_name,x,y,width,height", "images/{},cat,10,20,20,30", None),
        ("Image ID,Label,X,Y,W,H,Width,Height", "{},cat,10,20,20,30,100,80", (80, 100)),
        ("path,left,top,right,bottom,category", "{},10,20,30,50,cat", None),
        ("image_id,width,height,bbox,label", '{},100,80,"[10.0, 20.0, 20.0, 30.0]",cat', (80, 100)),
        ("file,label,x0,y0,x1,y1", "{},cat,10,20,30,50", None),
        ("file,label,x_min,y_min,bbox_width,bbox_height", "{},cat,10,20,20,30", None),
    ],
)
def test_headers_that_people_write(folder, things, header, line, size):
    catalog = recognise(folder(table("\n".join([header, line.format("0.png"), line.format("1.png")]))))
    annotation = things(catalog, "images/0.png")
    assert [(t.label, t.box) for t in annotation.things] == [("cat", (10, 20, 30, 50))]
    assert annotation.size == size
    assert catalog.task == "localize"


def test_splits_groups_and_crowds(folder):
    text = (
        "file,label,x1,y1,x2,y2,split,patient,iscrowd\n"
        "0.png,cat,1,2,3,4,train,p1,0\n0.png,cat,5,6,7,8,train,p1,1\n1.png,cat,1,2,3,4,val,p2,0\n"
    )
    catalog = recognise(folder(table(text)))
    assert [(e.split, e.group) for e in catalog.examples] == [("train", "p1"), ("validation", "p2")]
    assert [thing.crowd for thing in catalog.examples[0].annotation.things] == [False, True]


def test_a_table_per_split(folder):
    header = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
    files = {f"{split}/{i}.png": None for split in ("train", "test") for i in range(2)}
    files |= {
        f"{s}/_annotations.csv": header + "".join(f"{i}.png,100,80,a,1,2,3,4\n" for i in (0, 1))
        for s in ("train", "test")
    }
    catalog = recognise(folder(files))
    assert {e.key: e.split for e in catalog.examples} == {
        "train/0.png": "train", "train/1.png": "train", "test/0.png": "test", "test/1.png": "test",
    }  # fmt: skip
    flat = {f"images/{i}.png": None for i in range(4)}
    flat |= {
        "train_labels.csv": header + "0.png,100,80,a,1,2,3,4\n",
        "test_labels.csv": header + "1.png,100,80,a,1,2,3,4\n",
    }
    assert recognise(folder(flat, "flat")).given_splits == ("train", "test")


def test_a_whole_table_of_fractions_is_taken_as_such_aloud(folder, things):
    text = "file,label,x1,y1,x2,y2\n0.png,cat,0.1,0.25,0.3,0.5\n1.png,cat,0,0,1,1\n"
    catalog = recognise(folder(table(text)))
    assert things(catalog, "images/0.png").things[0].box == pytest.approx((10, 20, 30, 40))
    assert things(catalog, "images/1.png").things[0].box == (0, 0, 100, 80)
    assert any("taken as fractions" in note for note in catalog.notes)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("3.png,cat,1,2,x,4", "bad_number", "boxes.csv line 6: 1, 2, x, 4 are no numbers"),
        ("3.png,cat,1,2,nan,4", "bad_number", "no numbers"),
        ("3.png,cat,1,2,3", "bad_number", "no numbers"),
        ("3.png,cat,,,,", "bad_line", "no box"),
        ("3.png,,1,2,3,4", "unknown_class", "no label"),
        ("3.png,cat,.1,.2,.3,.4", "unit", "fractions"),
        ("3.png,cat,1," + "9" * 400 + ",3,4", "bad_number", "no numbers"),
    ],
)
def test_a_bad_line_keeps_its_picture_out_with_code_and_sentence(folder, codes, things, line, code, words):
    catalog = recognise(folder(table(f"{PLAIN}{line}\n")))
    assert codes(catalog) == {"images/3.png": [code]}
    reason = things(catalog, "images/3.png").faults[0].reason
    assert words in reason
    assert len(reason) < 200


def test_files_that_are_not_there_and_lines_that_contradict(folder, codes):
    text = "file,label,x1,y1,x2,y2,split\n0.png,cat,1,2,3,4,train\n1.png,cat,1,2,3,4,train\n" + (
        "gone.png,cat,1,2,3,4\n../up.png,cat,1,2,3,4\n3.png,cat,1,2,3,4,train\n3.png,cat,1,2,3,4,val\n2.png,cat,1,2,3,4,lunch\n"
    )
    catalog = recognise(folder(table(text)))
    reasons = {fault.key: fault.reason for fault in catalog.quarantined}
    assert "was not found" in reasons["gone.png"]
    assert "leads out" in reasons["../up.png"]
    assert codes(catalog) == {"images/2.png": ["bad_line"], "images/3.png": ["bad_line"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,label,x1,y1,x2,y2,x1\n0.png,cat,1,2,3,4,5\n", "column 'x1' twice"),
        ("file,label,x1,y1,x2,y2\nz.png,cat,1,2,3,4\n", "not one annotated picture is left"),
        ('file,label,x1,y1,x2,y2\n0.png,"cat,1,2,3,4\n', "cannot be read as a table"),
        ("file,label,x1,y1,x2,y2\n0.png,c\u00e4t,1,2,3,4\n".encode("latin-1"), "not UTF-8"),
        ("file,label,x1,y1,x2,y2\n", "at least one line"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(folder, text, words):
    with pytest.raises(DataError, match=words):
        recognise(folder(table(text)))


def test_without_a_column_for_the_class_everything_is_one_object(folder):
    catalog = recognise(folder(table("file,x1,y1,x2,y2\n0.png,1,2,3,4\n1.png,1,2,3,4\n")))
    assert catalog.classes == ("object",)
    assert any("no column that names the class" in note for note in catalog.notes)
    catalog = recognise(folder(table("file,x,y,w,h\n0.png,1,2,3,4\n1.png,1,2,3,4\n"), "extents"))  # y is no class here
    assert catalog.classes == ("object",)
