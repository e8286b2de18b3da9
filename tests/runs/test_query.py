"""Filters and sorts: parsed as data, exact with numbers, and every mistake is a sentence."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.evaluation.scores import Figure
from glassnet.runs.query import Key, Term, fits, parse_filter, parse_sort, pick
from glassnet.runs.rows import Row, ScoreRow


def row(number, name="a", score=None, **settings):
    marks = ()
    if score is not None:
        marks = (
            ScoreRow(
                Figure(score, score, score, 5, "validation", "wilson"), "validation", "figure", "", "accuracy", True
            ),
        )
    return Row(
        number, None, name, None, "done", 1, 0, None, {k.replace("__", "."): v for k, v in settings.items()}, 0, None, None, None,
        "classify", "fast", 1, 1, "2026-01-01T00:00:00.000000+00:00", None, None, None, 0, marks,
    )  # fmt: skip


def ask(rows, where="", sort=""):
    return [r.id for r in pick(rows, parse_filter(where), parse_sort(sort))]


names = st.from_regex(r"\A[a-z][a-z_]{0,8}(\.[a-z_]{1,8}){0,2}\Z")
numbers = st.one_of(st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False))


def _written(value):
    return repr(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)


several = st.lists(st.one_of(numbers, st.text()), min_size=1, max_size=3).map(tuple)
equalities = st.builds(Term, names, st.sampled_from(["=", "!=", "~"]), several)
orders = st.builds(Term, names, st.sampled_from([">", ">=", "<", "<="]), st.tuples(numbers))


@given(
    st.lists(st.one_of(equalities, orders), max_size=4),
    st.sampled_from([" ", "  ", "\t", "\n"]),
    st.sampled_from(["", " "]),
)
def test_what_is_written_is_what_is_read(terms, gap, around):
    def quoted(value):
        return (
            _written(value)
            if not isinstance(value, str)
            else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )

    text = gap.join(f"{t.name}{around}{t.op}{around}{','.join(map(quoted, t.values))}" for t in terms)
    assert parse_filter(text) == tuple(terms)
    for read, wanted in zip(parse_filter(text), terms, strict=True):
        assert [type(v) for v in read.values] == [type(v) for v in wanted.values]


@given(st.text())
def test_no_text_does_anything_but_parse_or_explain(text):
    try:
        terms = parse_filter(text)
    except RecipeError as error:
        assert str(error)
    else:
        assert bool(terms) == bool(text.strip())


@given(numbers, numbers)
def test_comparisons_are_those_of_the_numbers(held, wanted):
    for op, truth in {"=": held == wanted, "!=": held != wanted, ">": held > wanted, "<=": held <= wanted}.items():
        assert fits(held, parse_filter(f"x{op}{wanted!r}")[0]) is truth


@given(st.lists(st.one_of(st.none(), numbers), max_size=12), st.booleans())
def test_a_sort_is_stable_and_puts_what_has_no_value_last(values, descending):
    rows = [row(i, train__lr=v) for i, v in enumerate(values)]
    there = sorted((i for i, v in enumerate(values) if v is not None), key=lambda i: values[i], reverse=descending)
    expected = there + [i for i, v in enumerate(values) if v is None]
    assert ask(rows, sort=("-" if descending else "") + "train.lr") == expected


ROWS = [
    row(1, "photos-fast-001", 0.8, train__lr=0.1, train__batch=32, network="fast", train__ema=True),
    row(2, "photos-fast-002", 0.9, train__lr=0.01, train__batch=64, network="tutorial", train__ema=False),
    row(3, "xo, first try", None, train__lr=None, train__batch=1, network=[{"conv": 8}, "flatten"]),
]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", [1, 2, 3]),
        ("train.lr>0.01", [1]),
        ("lr >= 0.01 batch<64", [1]),
        ("train.lr=0.1", [1]),
        ("train.lr=none", [3]),
        ("train.lr!=0.1", [2, 3]),
        ("network=fast", [1, 2, 3]),  # the column of this name wins over the setting
        ('name="photos-fast-001","xo, first try"', [1, 3]),
        ("name~FAST", [1, 2]),
        ("accuracy>0.8", [2]),
        ("score>=0.8 status=done", [1, 2]),
        ("validation.accuracy.low<0.85", [1]),
        ("test.accuracy>0", []),
        ("train.ema=true", [1]),
        ("train.batch=true", []),  # 1 is not true
        ("started>2026-01-01", []),
        ("planned>2025-12-31 planned<2026-01-02", [1, 2, 3]),
    ],
)
def test_questions_people_ask(where, expected):
    assert ask(ROWS, where) == expected


def test_sorting_by_several_names():
    rows = [row(1, "b", 0.5), row(2, "a", 0.5), row(3, "c", 0.9), row(4, "d")]
    assert ask(rows, sort="-accuracy,name") == [3, 2, 1, 4]
    assert parse_sort("-accuracy, name") == (Key("accuracy", True), Key("name", False))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("train.lrr>1", "Did you mean 'train.lr'"),
        ("lr>", "no value for 'lr'"),
        (">3", "cannot be read"),
        ("lr>1,2", "takes one value"),
        ("lr>fast", "is a number"),
        ('name="open', "no value"),
        ("a=1b=2", "put a space|cannot be read|no value"),
        ("__import__('os').system('true')=1", "cannot be read|No run has"),
    ],
)
def test_mistakes_are_explained(where, said):
    with pytest.raises(RecipeError, match=said):
        ask(ROWS, where)


def test_a_bare_word_that_fits_two_settings_is_not_guessed():
    with pytest.raises(RecipeError, match=r"'side' can be a\.side or b\.side"):
        ask([row(1, a__side=1, b__side=2)], "side=1")


def test_numbers_are_exact():
    big = 2**63 - 1
    assert ask([row(1, train__seed=big), row(2, train__seed=big - 1)], f"train.seed={big}") == [1]
    tiny = math.nextafter(0.1, 1)
    assert ask([row(1, train__lr=tiny), row(2, train__lr=0.1)], f"train.lr={tiny!r}") == [1]
