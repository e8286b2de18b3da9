"""Heat lies where it belongs: over the whole picture, and after the fit was undone over the picture as it came."""

import numpy as np
import pytest

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings, fit
from glassnet.tasks.heat import draw_heat, on_original


def test_heat_lies_over_the_whole_picture_and_is_the_same_for_all_of_them():
    picture = np.full((300, 400, 3), 160, np.uint8)
    heat = np.zeros((30, 40), np.float32)
    heat[5, 10] = 1
    heat[20, 30] = 0.5
    drawn = draw_heat(picture, heat).astype(int)
    light = drawn.sum(2)
    rows, columns = np.unravel_index(light.argmax(), light.shape)
    assert abs(rows - 55) <= 6
    assert abs(columns - 105) <= 6
    assert light[205, 305] < light[55, 105]
    alone = draw_heat(picture, np.where(heat == 0.5, heat, 0))
    assert np.array_equal(alone[150:], drawn[150:])  # not stretched to the strongest of each picture
    odd = draw_heat(picture[:, :, :1], np.array([[np.nan, np.inf], [-1, 0.5]]))
    assert odd.shape == (300, 400, 3)


@pytest.mark.parametrize("way", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("shape", [(120, 240), (240, 120), (96, 96)])
def test_heat_of_a_fitted_picture_lies_where_the_picture_is_light(way, shape):
    height, width = shape
    settings = PixelSettings(64, 64, way)
    picture = np.zeros((height, width, 1), np.uint8)
    y, x = height // 2 + 6, width // 2 - 8
    picture[y - 5 : y + 5, x - 5 : x + 5] = 255
    heat = fit(picture, settings)[:, :, 0].reshape(32, 2, 32, 2).mean((1, 3)) / 255
    back = on_original(heat, frame(height, width, settings))
    assert back.shape[0] / back.shape[1] == pytest.approx(height / width if way != "stretch" else 1, rel=0.1)
    rows, columns = np.nonzero(back > 0.5)
    assert (rows.mean() + 0.5) / back.shape[0] == pytest.approx(y / height, abs=0.03)
    assert (columns.mean() + 0.5) / back.shape[1] == pytest.approx(x / width, abs=0.03)
    if way == "crop" and height != width:
        edge = back[:2] if height > width else back[:, :2]
        assert not edge.any()
