"""Colours: one for each class, the same in every picture and on every page, and a scale of one hue for heat.

The first seven are those of Okabe and Ito (2008), made for eyes that tell fewer colours apart. The others were added one by one, each
as far as can be from those before it for usual, red-blind, green-blind and blue-blind eyes (Machado, Oliveira and Fernandes, 2009) in
OKLab; `tests/tasks/test_palette.py` measures it. From the seventeenth class on they repeat: the label beside a thing says its name.
"""

import numpy as np

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0), (86, 180, 233), (240, 228, 66), (120, 30, 0),
    (45, 255, 225), (0, 75, 105), (165, 105, 255), (165, 60, 45), (120, 0, 240), (165, 195, 150), (105, 0, 165), (135, 90, 120),
)  # fmt: skip
UNCOUNTED: Colour = (128, 128, 128)  # what is neither learnt nor counted: ignored pixels, crowds
BLACK: Colour = (16, 16, 16)
WHITE: Colour = (255, 255, 255)

_HUE = 1.15  # radians in OKLab: between orange and yellow, the hue that stays colourful up to the lightest step


def colour_of(place: int) -> Colour:
    """Return the colour of the class at this place of the class list."""
    return COLOURS[place % len(COLOURS)]


def ink_on(colour: Colour) -> Colour:
    """Return black or white, whichever stands out more from this colour (WCAG's contrast)."""
    light = float(_linear(np.array(colour, np.float64) / 255) @ (0.2126, 0.7152, 0.0722))
    return BLACK if (light + 0.05) ** 2 > 1.05 * 0.056 else WHITE


def heat_colours(ground: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return uint8 (h, w, 3): `heat` float (h, w) in [0, 1] over a picture's grey values `ground` float (h, w) in [0, 1].

    Lightness in OKLab rises evenly from the darkened picture to almost white, so that equal steps of heat look equally large.
    """
    lightness = (0.15 + 0.35 * np.cbrt(_linear(ground))) * (1 - heat) + 0.95 * heat
    # About as colourful as sRGB can be at this hue and lightness, without the corner at its most colourful; what is cold stays grey.
    dark, light = 0.22 * np.maximum(lightness, 1e-3), 0.66 * np.maximum(1 - lightness, 1e-3)
    chroma = (dark**-6 + light**-6) ** (-1 / 6) * (1 - (1 - heat) ** 4)
    return from_oklab(np.stack([lightness, chroma * np.cos(_HUE), chroma * np.sin(_HUE)], -1))


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """Return uint8 (…, 3) in sRGB of colours float (…, 3) in OKLab: lightness and two opponent axes; what sRGB lacks is clipped."""
    cones = (lab @ _FROM_OKLAB.T) ** 3
    linear = np.clip(cones @ _FROM_CONES.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (encoded * 255).round().astype(np.uint8)


def _linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


# OKLab (B. Ottosson, 2020), from lightness and two opponent axes to cone responses, and from those to linear sRGB.
_FROM_OKLAB = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_FROM_CONES = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
