"""The colours, measured as eyes see them: apart for everybody, words on them readable, heat in even steps."""

import itertools

import numpy as np
import pytest

from glassnet.tasks.palette import COLOURS, UNCOUNTED, colour_of, heat_colours, ink_on

# What eyes without one kind of cone see of linear sRGB (Machado, Oliveira and Fernandes, 2009, severity 1).
VISIONS = {
    "usual": np.eye(3),
    "red-blind": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green-blind": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue-blind": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def linear(colours):
    encoded = np.asarray(colours, np.float64) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def oklab(light):
    return np.cbrt(np.clip(light, 0, 1) @ np.array(CONES).T) @ np.array(LAB).T


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_classes_can_be_told_apart(vision):
    seen = oklab(linear(COLOURS) @ np.array(VISIONS[vision]).T)
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 0.07  # a just noticeable difference is about 0.02


def test_a_class_keeps_its_colour_and_there_is_one_for_every_class():
    assert colour_of(3) == colour_of(3) != colour_of(4)
    assert len({colour_of(i) for i in range(16)}) == 16
    assert colour_of(500) in COLOURS


@pytest.mark.parametrize("colour", [*COLOURS, UNCOUNTED])
def test_words_on_a_colour_can_be_read(colour):
    a, b = sorted(linear([colour, ink_on(colour)]) @ (0.2126, 0.7152, 0.0722))
    assert (b + 0.05) / (a + 0.05) >= 4.3


@pytest.mark.parametrize("ground", [0.0, 0.5, 1.0])
def test_equal_steps_of_heat_look_equal_and_have_one_hue(ground):
    heat = np.linspace(0, 1, 21)[None]
    colours = heat_colours(np.full(heat.shape, ground), heat)
    lightness, *axes = oklab(linear(colours[0])).T
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 1.25 * steps.min() + 0.004
    hue = np.arctan2(axes[1], axes[0])[4:-1]  # the ends are grey and almost white
    assert np.ptp(hue) < 0.12
