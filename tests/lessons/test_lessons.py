"""Every lesson: what it computes is plain JSON, its questions have one right answer, and the key gives it."""

import json

import pytest

from glassnet.errors import RecipeError
from glassnet.lessons import NAMES, check, find, lessons

WHOSE = (None, "grey", "colour", "boxes")


def test_the_lessons_stand_in_their_order():
    assert [lesson.name for lesson in lessons()] == list(NAMES) and len(NAMES) == 19
    with pytest.raises(RecipeError, match="'pooling'"):
        find("pooling_")


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_says_what_it_teaches_and_computes_its_examples(name):
    lesson = find(name)
    assert 2 <= lesson.teaches.count(". ") + lesson.teaches.endswith(".") <= 3
    assert set(lesson.computes) == set(lesson.examples)
    json.dumps(lesson.as_dict(), allow_nan=False)
    for compute in lesson.computes:
        again = json.loads(json.dumps(dict(lesson.examples[compute]), allow_nan=False))
        found = json.dumps(lesson.compute(compute), allow_nan=False)
        assert found == json.dumps(lesson.compute(compute, again), allow_nan=False), (
            "the same values give the same answer"
        )
    with pytest.raises(RecipeError, match="computes nothing called"):
        lesson.compute("nothing of the kind")


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("name", NAMES)
def test_the_key_answers_every_question_and_nothing_else_does(name, whose, explained):
    lesson, found = find(name), explained(whose)
    for seed in range(4):
        questions = lesson.questions(found, seed)
        assert len(questions) >= 2 and len({question.text for question in questions}) == len(questions)
        assert questions == lesson.questions(found, seed)
        for question in questions:
            assert check(question, question.solution).right, question
            assert check(question, question.answer).right and question.how.endswith(".")
            assert question.text[-1] in "?.)" and question.text.count("(") == question.text.count(")"), question.text
            assert "-" not in question.text.replace("low-level", "") or not any(
                part[:1].isdigit() for part in question.text.split("-")[1:]
            ), "a minus sign is a minus sign"
            for slip, why in question.slips:
                verdict = check(question, slip)
                assert not verdict.right and why in verdict.said, (question, slip)
            _only_one_is_right(question)


def _only_one_is_right(question):
    if isinstance(question.answer, str):
        assert [each for each in question.choices if check(question, each).right] == [question.answer][
            : len(question.choices)
        ]
        return
    away = max(3 * question.tolerance, 1e-3 * abs(question.answer), 1e-4)
    for wrong in (question.answer + away, question.answer - away, question.answer * 7 + 3):
        verdict = check(question, wrong)
        assert not verdict.right and question.solution == verdict.answer


def test_another_seed_asks_otherwise():
    for name in ("convolution", "softmax", "vote", "filters"):
        texts = {tuple(question.text for question in find(name).questions(None, seed)) for seed in range(6)}
        assert len(texts) > 3


def test_questions_are_made_of_the_reader_s_own_numbers(explained, runs):
    found = explained("colour")
    assert any("12 pixels high and 12 wide, in 3 colours" in each.text for each in find("pixels").questions(found))
    flat = find("vote").questions(found)[0]
    assert "4 channels of 5 × 5" in flat.text and flat.answer == 100
    conv = find("building").questions(found)[0]
    assert conv.answer == 4 * 3 * 3 * 3 + 4 == runs("colour").summary()["conv1"].parameters
    logit = find("perceptron").questions(found)[-1]
    assert min(abs(logit.answer - own) for own in found.seen["dense1"].values) < 1e-4
    first = find("convolution").questions(found)[-1]
    assert "your filter" not in first.text and "bias" in first.text


def test_the_line_of_a_neuron_is_where_its_sum_is_zero():
    gate = find("perceptron").computes["gate"]
    for weights, bias in (([1, 1], -1.5), ([1, -1], 0), ([2, 0], -1), ([0, -3], 0.5), ([0.4, 2], -0.1)):
        line = gate({"weights": weights, "bias": bias})["line"]
        assert len(line) == 2 and line[0] != line[1]
        for a, b in line:
            assert abs(weights[0] * a + weights[1] * b + bias) < 1e-9
            assert min(a, b) >= -0.5 and max(a, b) <= 1.5 and {a, b} & {-0.5, 1.5}
    assert gate({"weights": [1, 1], "bias": 50})["line"] == gate({"weights": [0, 0], "bias": 1})["line"] == []


def test_a_byte_is_the_number_that_training_makes_of_it():
    seen = find("pixels").compute("look", {"picture": [[0, 51, 255]], "row": 0, "column": 1})
    assert len(seen["scaled"]) == 256 and seen["pixel"]["numbers"] == [seen["scaled"][51]]
    assert max(abs(number - byte / 255) for byte, number in enumerate(seen["scaled"])) < 1e-7
