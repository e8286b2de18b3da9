"""The form of a recipe: what it takes of what was typed."""

from glassnet.studio import forms


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
