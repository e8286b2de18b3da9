"""Makes the README's pictures of the four tasks that answer where: trains on small sets and draws the answers for pictures of validation.

    python docs/pictures/tasks.py DIR            # DIR holds bccd-voc (MIT), nuclei-instances (CC0 1.0) and nuts-coco (MIT)

Localization is shown on the drawn set `shapes`. Three minutes of training each.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import glassnet as gn

HERE = Path(__file__).parent
_HEIGHT, _COUNT, _GAP = 240, 4, 8
# Name of the picture: (where the pictures are, below DIR unless built in; the question).
SETS = {
    "localize": ("shapes", "localize"),
    "detect": ("bccd-voc", "detect"),
    "segment": ("nuclei-instances", "segment"),
    "instances": ("nuts-coco", "instances"),
}


def main(root: str, minutes: float = 3.0) -> None:
    """Train on every set and draw."""
    for name, (folder, task) in SETS.items():
        with tempfile.TemporaryDirectory() as out:
            where = folder if folder == "shapes" else str(Path(root) / folder)
            run = gn.train(where, out=out, task=task, minutes=minutes)
            assert run is not None
            strip(run, where, HERE / f"{name}.jpg")


def strip(run: gn.Run, where: str, target: Path) -> None:
    """Write the answers for a few validation pictures side by side as one JPEG."""
    from glassnet.data.pixels import decode
    from glassnet.data.readers import recognise

    catalog = recognise(where, task=run.recipe.data.task)
    predictor, drawn = run.predictor, []
    keys = [run.lock.keys[row] for row in run.lock.validation[:: max(1, len(run.lock.validation) // _COUNT)][:_COUNT]]
    for key in keys:
        pixels = decode(catalog.source.read(key))
        answer = predictor.predict(pixels).answer
        picture = Image.fromarray(predictor.task.draw(pixels, answer))
        drawn.append(
            picture.resize((round(picture.width * _HEIGHT / picture.height), _HEIGHT), Image.Resampling.LANCZOS)
        )
    width = sum(picture.width for picture in drawn) + _GAP * (len(drawn) - 1)
    whole = Image.fromarray(np.full((_HEIGHT, width, 3), 255, np.uint8))
    at = 0
    for picture in drawn:
        whole.paste(picture, (at, 0))
        at += picture.width + _GAP
    whole.save(target, quality=88)


if __name__ == "__main__":
    main(sys.argv[1], *(float(value) for value in sys.argv[2:3]))
