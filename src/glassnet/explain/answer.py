"""The two ends of the arithmetic: the byte that a pixel was, and the share that softmax makes of a logit."""

import math

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source
from glassnet.explain.terms import ULP, Combined, Term

# A float32 that is a byte over 255 is off by one rounding; a picture that was drawn in floats is a byte only by chance.
_SAME = 1e-7


def open_pixel(picture: Source, place: Place) -> Combined:
    """Return how a value of the network's input came to be: a byte over 255, or a number that was given as it is."""
    value = picture.seen[picture.name][place]
    byte = round(value * 255)
    if 0 <= byte <= 255 and abs(byte / 255 - value) <= _SAME:
        term = Term("pixel", *place, float(byte), 1 / 255, byte / 255)
        return Combined("pixel", (term,), term.product, None, term.product, _SAME, "Bytes 0 to 255 become 0 to 1.")
    term = Term("pixel", *place, value, 1.0, value)
    return Combined(
        "value", (term,), value, None, value, 0.0, "This is no byte over 255: the number was given as it is."
    )


def open_vote(logits: Source, place: Place) -> Combined:
    """Return the share of one class: its exponential over the sum of all. A term's weight is one over the temperature.

    The largest is taken away before the exponential, which changes no share and keeps the numbers small.
    """
    temperature = logits.seen.temperature
    values = [float(value) / temperature for value in logits.values.tolist()]
    top = max(values)
    terms = [
        logits.valued((at, None, None), float(logits.values[at]), 1 / temperature)._replace(
            product=math.exp(value - top)
        )
        for at, value in enumerate(values)
    ]
    total = math.fsum(term.product for term in terms)
    share = terms[place[0]].product / total
    widest = max(abs(value) for value in values)
    rounding = (len(terms) + 8 + 4 * widest) * ULP * share + ULP
    note = f"The exponentials are of (value − {max(logits.values.tolist()):.6g}) ÷ temperature {temperature:.4g}."
    return Combined("share", tuple(terms), total, None, share, rounding, note)


def open_unknown(source: Source, place: Place) -> Combined:
    """Return a value that cannot be opened: it comes from inside a network that is not ours."""
    value = source.seen[source.name][place]
    note = "This value comes from inside a pretrained network that Glassnet did not build, and is not opened further."
    return Combined("value", (), value, None, value, 0.0, note)
