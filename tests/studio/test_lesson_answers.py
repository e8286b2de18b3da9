"""What a run answered its validation pictures, for a lesson; and a network of one's own in the form of a training."""

from tests.studio.conftest import NASTY

from glassnet.studio import forms


def test_the_answers_of_a_run_and_of_none(studio):
    run = next(run for run in studio.json("/api/ledger")["rows"] if run["name"] == NASTY)
    found = studio.json(f"/api/lesson-answers/{run['id']}")
    assert found["name"] == "along" and len(found["shares"]) == len(found["positive"]) == 6
    assert all(0 <= share <= 1 for share in found["shares"])
    assert studio.ask("/api/lesson-answers/0000000000000000")[0] == 404
    assert studio.ask("/api/lesson-answers/..%2F..%2Fetc")[0] == 404


def test_a_list_of_layers_may_be_long_and_nothing_else(studio):
    layers = (
        "["
        + '{"conv": 8, "kernel": 3, "padding": "same", "activation": "relu"}, ' * 20
        + '"flatten", {"dense": "classes"}]'
    )
    assert forms.checked({"network": layers}) == {"network": layers}
    for settings in ({"network": "[" + '"relu", ' * 2000 + '"flatten"]'}, {"data.group_by": "x" * 301}):
        status, _, body = studio.ask("/api/trainings", {"data": "xo", "settings": settings})
        assert status == 422 and b"is longer than" in body
