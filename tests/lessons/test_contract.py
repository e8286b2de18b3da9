"""Answers as people type them, and what they are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.lessons import Question, check
from glassnet.lessons.reading import cut, number_of, same_words, shown


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("2,352", 2352), ("2 352", 2352), ("0,91", 0.91), ("0.91", 0.91), (".5", 0.5), ("−3", -3), ("+4", 4), ("7/9", 7 / 9),
        ("47 %", 0.47), ("1e3", 1000), (12, 12), (0.5, 0.5), ("3,989,285", 3_989_285), ("1,563", 1563), ("abc", None), ("", None),
        (None, None), (True, None), ("1/0", None), ("nan", None), ("inf", None), (float("nan"), None), ("1,2,3", None), ("12 pixels", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed, number):
    assert number_of(typed) == (pytest.approx(number) if number is not None else None)


def test_the_unit_may_be_typed_behind_the_number():
    assert number_of("12 pixels", "pixels") == 12 and number_of("47 %", "%") == 47


@given(st.text(max_size=40))
def test_anything_can_be_typed(text):
    found = number_of(text)
    assert found is None or isinstance(found, float)
    assert isinstance(check(Question("?", 3), text).said, str) and isinstance(
        check(Question("?", "no"), text).said, str
    )


@pytest.mark.parametrize("typed", ["4x4x64", "4 × 4 × 64", "[4, 4, 64]", "4*4*64", "(4,4,64)"])
def test_a_shape_may_be_written_in_many_ways(typed):
    assert same_words(typed, "4×4×64") and not same_words("4×64×4", "4×4×64")


@given(st.floats(-1e6, 1e6), st.sampled_from([0.0, 0.006, 0.0006, 0.5]))
def test_the_answer_of_the_key_is_right_by_its_own_check(answer, tolerance):
    answer = round(answer) if tolerance == 0 else answer
    question = Question("?", answer, tolerance)
    assert check(question, question.solution).right and check(question, answer).right


def test_a_wrong_answer_is_told_why():
    question = Question("?", 0.25, 0.006, how="1 ÷ 4 = 0.25.", slips=((4.0, "That is turned over."),))
    said = {given: check(question, given) for given in (4, -0.25, 25, 0.27, 9, 0.01, "many")}
    assert [verdict.right for verdict in said.values()] == [False] * 7
    assert "turned over" in said[4].said and "sign" in said[-0.25].said and "factor of 100" in said[25].said
    assert "close" in said[0.27].said and "too large" in said[9].said and "too small" in said[0.01].said
    assert "number" in said["many"].said
    assert all(
        verdict.answer == "0.25" and "0.25" not in verdict.said and verdict.solution == "1 ÷ 4 = 0.25."
        for verdict in said.values()
    )
    assert "out by one" in check(Question("?", 7), 8).said
    assert "one of these: yes, no" in check(Question("?", "no", choices=("yes", "no")), "maybe").said


def test_the_answer_is_hidden_without_the_key():
    question = Question("How many?", 42, unit="pixels", how="6 × 7 = 42.")
    assert question.as_dict() == {"text": "How many?", "unit": "pixels", "choices": []}
    assert question.as_dict(key=True)["solution"] == "42 pixels"


def test_numbers_are_truncated_as_the_documents_print_them():
    assert [cut(7 / 9), cut(-1 / 9), cut(1.0), cut(5 / 9)] == [0.77, -0.11, 1.0, 0.55]
    assert shown(2352) == "2,352" and shown(-0.5, 0.006) == "−0.50"
