"""Instances: which pixels are each thing? Centres as peaks of a heat map, a foreground, and for every pixel the way to its centre.

After Cheng et al., "Panoptic-DeepLab" (arXiv:1911.10194): a foreground pixel votes for the centre it points at, and joins the peak that
lies nearest to its vote. Outputs (N, K + 3, h, w) at two pixels per place: K logits of heat, one logit of foreground, the offsets x and y.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.catalog import Catalog
from glassnet.data.frames import Frame
from glassnet.errors import DataError
from glassnet.recipe import TrainRecipe
from glassnet.tasks import centres, matching
from glassnet.tasks.answers import Found, ThingsAnswer
from glassnet.tasks.contract import Advice
from glassnet.tasks.moving import moved_maps
from glassnet.tasks.places import MASKS
from glassnet.tasks.segment import filled_up, full_size, to_fitted, to_original

if TYPE_CHECKING:
    import torch

STRIDE = 2
MOST = 128  # peaks that can collect votes
# A cooler peak collects no votes: every false peak would steal pixels from its neighbours.
LEAST_HEAT = 0.1
THRESHOLD = 0.3
UNIT = 16.0  # pixels per unit of offset, so that the network's numbers stay near one
OFFSET_WEIGHT = 1.0
IGNORED = -1
_CLASSES = 256
# A peak is the largest heat in this many places along each side.
_PEAK = 5
# Standard deviation of a centre's heat as a share of the root of the thing's area, and at least so many places.
_SPREAD, _LEAST_SPREAD = 0.14, 1.0


class Instances:
    """Things with masks. Targets int32 (N, H, W): 0 background, -1 unknown, else number · 256 + class, numbers from 1.

    `read` is float32 (N, 3, H, W): for each pixel the number of its thing (0 none), its class, and how sure the thing is.
    """

    name = "instances"
    headline = "AP50"
    edge: Literal["reflect", "border"] = "border"
    one_class = False

    def advice(self, n_train: int, classes: int) -> Advice:
        """Return settings for masks, which can be turned and zoomed at will."""
        return MASKS | {
            "augment.flip": ("both", "masks follow the mirror"),
            "augment.rotate": (30.0, "masks turn with their pictures"),
            "train.views": ("mirror", "heat and votes from the picture and its mirror image"),
            "train.label_smoothing": (0.0, "heat has no classes to smooth over"),
        }

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
        """Return int32 (n, H, W); where things overlap, the smaller lies on top, and crowds below all. Raises DataError for things without
        a shape.
        """
        from glassnet.data.truths import truth_of

        settings = frames[0].settings
        if len(catalog.classes) > _CLASSES:
            raise DataError(
                f"Instances are numbered with at most {_CLASSES} classes, and there are {len(catalog.classes)}."
            )
        found = np.zeros((len(rows), settings.height, settings.width), np.int32)
        for place, (row, frame) in enumerate(zip(rows, frames, strict=True)):
            truth = truth_of(catalog, int(row), frame.height, frame.width)
            masks = [truth.mask(i) for i in range(len(truth.labels))]
            areas = np.array([mask.sum() for mask in masks], np.int64)
            order = np.lexsort((-areas, ~truth.crowd))
            whole = np.zeros((frame.height, frame.width), np.int32)
            for number, i in enumerate(order, 1):
                whole[masks[i]] = IGNORED if truth.crowd[i] else number * _CLASSES + int(truth.labels[i])
            found[place] = to_fitted(whole, frame, 0)
        return found

    def move(self, targets: np.ndarray, matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the masks as the moved pictures show them; beyond the border there is nothing."""
        return moved_maps(targets, matrices, self.edge, outside=0)

    def head(self, classes: int) -> dict[str, Any]:
        """Heat per class, foreground, and two offsets."""
        return {"kind": "map", "outputs": classes + 3, "stride": STRIDE}

    def counts(self, targets: np.ndarray, classes: int) -> np.ndarray:
        """Return how many things of each class there are."""
        total = np.zeros(classes)
        for picture in targets:
            names = np.unique(picture[picture > 0])
            total += np.bincount(names % _CLASSES, minlength=classes)[:classes]
        return total

    def loss_options(self, train: TrainRecipe) -> dict[str, Any]:
        """Return the share of Dice."""
        return {"dice": train.dice}

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        class_weights: "torch.Tensor | None" = None,
        dice: float = 1.0,
    ) -> "torch.Tensor":
        """Return heat (focal) + foreground (cross-entropy and `dice` times Dice) + offsets (L1), float32 (N,).

        `class_weights` (K,) multiplies the heat loss of each class.
        """
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        classes, targets = outputs.shape[1] - 3, filled_up(targets, outputs, IGNORED)
        heat, offsets, things = _targets(targets, classes)
        sparse = targets[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        counted = (sparse != IGNORED)[:, None].float()
        lost = centres.focal(outputs[:, :classes], heat, counted)
        if class_weights is not None:
            lost = lost * class_weights
        lost = lost.sum(1) / things.clamp(min=1)
        logits = full_size(outputs[:, classes : classes + 1])[:, 0]
        known, front = (targets != IGNORED).float(), (targets > 0).float()
        each = binary_cross_entropy_with_logits(logits, front, reduction="none") * known
        lost = lost + each.flatten(1).mean(1)
        if dice:
            p = torch.sigmoid(logits) * known
            shared, sums = (p * front).flatten(1).sum(1), (p + front).flatten(1).sum(1)
            occurs = front.flatten(1).amax(
                1
            )  # an empty picture has no overlap to gain; its cross-entropy says what is wrong
            lost = lost + dice * occurs * (1 - (2 * shared + 1) / (sums + 1))
        there = (sparse > 0).float()
        away = (outputs[:, classes + 1 :].float() - offsets).abs().sum(1) * there
        return lost + OFFSET_WEIGHT * away.flatten(1).sum(1) / there.flatten(1).sum(1).clamp(min=1)

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return the IoU of the foreground at the outputs' own places, float32 (N,); 1 where there is none and none is answered."""
        import torch

        sparse = filled_up(targets, outputs, IGNORED)[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        known = sparse != IGNORED
        answered = (outputs[:, outputs.shape[1] - 3] > 0) & known
        front = (sparse > 0) & known
        union = (answered | front).flatten(1).sum(1)
        return torch.where(union > 0, (answered & front).flatten(1).sum(1) / union.clamp(min=1), 1.0)

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return number, class and sureness of the thing at every pixel, float32 (N, 3, H, W); odd sides as in segment."""
        import torch
        from torch.nn.functional import max_pool2d

        classes, (h, w) = outputs.shape[1] - 3, outputs.shape[2:]
        heat = centres.heats(outputs, classes)
        kept = heat * (heat >= max_pool2d(heat, _PEAK, 1, _PEAK // 2).amax(1, keepdim=True))
        scores, places = kept.flatten(1).topk(min(MOST, classes * h * w), dim=1)
        labels = torch.div(places, h * w, rounding_mode="floor")
        within = places - labels * (h * w)
        py = (torch.div(within, w, rounding_mode="floor").float() + 0.5) * STRIDE
        px = (torch.remainder(within, w).float() + 0.5) * STRIDE
        size = (h * STRIDE, w * STRIDE)
        front = full_size(outputs[:, classes : classes + 1]).flatten(1)
        votes = full_size(outputs[:, classes + 1 :]) * UNIT
        vx = (votes[:, 0] + torch.arange(size[1], device=outputs.device) + 0.5).flatten(1)
        vy = (votes[:, 1] + torch.arange(size[0], device=outputs.device)[:, None] + 0.5).flatten(1)
        # |vote - peak|² without |vote|², which is the same for all peaks; peaks that are too cool are infinitely far.
        far = px**2 + py**2 + (scores < LEAST_HEAT) * 1e12
        away = torch.baddbmm(far[:, None, :], torch.stack([vx, vy], 2), torch.stack([px, py], 1), alpha=-2.0)
        nearest = away.argmin(2)
        inside = (front > 0) & (scores.gather(1, nearest) >= LEAST_HEAT)
        said = (nearest + 1, labels.gather(1, nearest), scores.gather(1, nearest))
        return torch.stack([torch.where(inside, part.float(), 0.0) for part in said], 1).unflatten(2, size)

    def unmirrored(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return outputs for mirrored pictures as outputs for the pictures: offsets along x change their sign."""
        import torch

        flipped = outputs.flip(3)
        return torch.cat([flipped[:, :-2], -flipped[:, -2:-1], flipped[:, -1:]], 1)

    def heat(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the heat of all classes together, float32 (N, h, w) in [0, 1], to look at."""
        return centres.heats(outputs, outputs.shape[1] - 3).amax(1)

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return AP50 of the masks in fitted pixels."""
        return matching.ap50(matching.ranked(map(_pairs, read, targets)))

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return AP50 of each picture by itself; 1 where there is nothing to find and nothing was found."""
        return np.array(
            [
                self.score(a[None], b[None]) if (b > 0).any() else float(not (a[0] > 0).any())
                for a, b in zip(read, targets, strict=True)
            ]
        )

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """Return the sureness from which on answers are given, so that F1 is highest."""
        return matching.best_threshold(matching.ranked(map(_pairs, read, targets)))

    def takes_threshold(self, classes: int) -> bool:
        """Fewer things are given, or more."""
        return True

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list[ThingsAnswer]:
        """Return the things of each picture that are at least `threshold` sure (default 0.3), with masks in its own pixels."""
        least = THRESHOLD if threshold is None else threshold
        return [_answer(planes, classes, least, None if frames is None else frames[i]) for i, planes in enumerate(read)]

    def scores(
        self,
        read: np.ndarray,
        targets: np.ndarray,
        classes: Sequence[str],
        split: str,
        arithmetic: Any,
        *,
        truths: Sequence[Any] = (),
        frames: Sequence[Frame] = (),
        threshold: float | None = None,
        seed: int = 0,
        rows: Any = None,
        **_: Any,
    ) -> Any:
        """Return the Scores of a split in original pixels."""
        # One picture at a time: a hundred masks of a large picture are a hundred times its pixels.
        answers = (_answer(planes, classes, 0.0, frame) for planes, frame in zip(read, frames, strict=True))
        least = THRESHOLD if threshold is None else threshold
        return arithmetic.instance_scores(answers, truths, tuple(classes), split, threshold=least, seed=seed, rows=rows)

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what Otsu's threshold with connected components reaches."""
        return arithmetic.instance_trivial(
            options["train_truths"], options["truths"], options["classes"], split, seed=options["seed"],
            **{name: options[name] for name in ("pixels", "train_rows", "rows", "train_frames", "frames")},
        )  # fmt: skip

    def draw(self, picture: np.ndarray, answer: ThingsAnswer, truth: Any = None) -> np.ndarray:
        """Return the picture with masks, classes and confidences drawn on it."""
        from glassnet.tasks.drawing import draw_things

        return draw_things(picture, answer, truth, answer.classes)


def _targets(targets: "torch.Tensor", classes: int) -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
    """Return heat float32 (N, K, h, w), offsets float32 (N, 2, h, w) in units, and the number of things (N,) from int32 (N, H, W).

    Both sides are even.
    """
    import torch

    n, height, width = targets.shape
    device = targets.device
    h, w = height // STRIDE, width // STRIDE
    numbers = torch.div(targets.clamp(min=0), _CLASSES, rounding_mode="floor").long().flatten(1)
    most = int(numbers.max()) + 1
    ones = torch.ones(n, height * width, device=device)
    x = (torch.arange(width, device=device) + 0.5).expand(height, width).flatten().expand(n, -1)
    y = (torch.arange(height, device=device) + 0.5)[:, None].expand(height, width).flatten().expand(n, -1)

    def summed(values: torch.Tensor) -> torch.Tensor:
        return torch.zeros(n, most, device=device).scatter_add_(1, numbers, values)

    area = summed(ones)
    cx, cy = summed(x) / area.clamp(min=1), summed(y) / area.clamp(min=1)
    labels = torch.zeros(n, most, dtype=torch.long, device=device).scatter_(
        1, numbers, (targets.clamp(min=0) % _CLASSES).long().flatten(1)
    )
    there = area > 0
    there[:, 0] = False  # the background
    sigma = (_SPREAD * area.sqrt() / STRIDE).clamp(min=_LEAST_SPREAD)[:, :, None]
    column, row = (cx / STRIDE).floor()[:, :, None], (cy / STRIDE).floor()[:, :, None]
    across = torch.exp(-((torch.arange(w, device=device) - column) ** 2) / (2 * sigma**2))
    down = torch.exp(-((torch.arange(h, device=device) - row) ** 2) / (2 * sigma**2))
    heat = torch.zeros(n, classes, h, w, device=device)
    for label in range(classes):  # one class at a time: all things of all classes at once would be a large tensor
        mine = (there & (labels == label)).any(0).nonzero()[:, 0]
        if len(mine):
            chosen = (there & (labels == label))[:, mine]
            heat[:, label] = (down[:, mine, :, None] * across[:, mine, None, :] * chosen[:, :, None, None]).amax(1)
    sparse = numbers.view(n, height, width)[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE].reshape(n, -1)
    px = ((torch.arange(w, device=device) + 0.5) * STRIDE).expand(h, w).flatten()
    py = ((torch.arange(h, device=device) + 0.5) * STRIDE)[:, None].expand(h, w).flatten()
    offsets = torch.stack([cx.gather(1, sparse) - px, cy.gather(1, sparse) - py], 1) / UNIT
    return heat, offsets.view(n, 2, h, w), there.sum(1)


def _pairs(read: np.ndarray, target: np.ndarray) -> matching.Pairs:
    """Return answers and things of one picture, for matching, in fitted pixels."""
    read = read[:, : target.shape[0], : target.shape[1]]  # of an odd side, answers have one pixel more
    ids = read[0].astype(np.int64)
    found, things, ious = matching.map_iou(ids, np.maximum(target, 0), target == IGNORED)
    names, first = np.unique(ids, return_index=True)
    places = first[np.searchsorted(names, found)]
    sure, labels = read[2].ravel()[places], read[1].ravel()[places].astype(np.int64)
    return matching.Pairs(ious, sure, labels, things.astype(np.int64) % _CLASSES, np.zeros(len(things), bool))


def _answer(planes: np.ndarray, classes: Sequence[str], threshold: float, frame: Frame | None) -> ThingsAnswer:
    ids, labels, sure = planes
    if frame is not None:
        ids, labels, sure = (to_original(plane, frame) for plane in planes)
    found = []
    for number in np.unique(ids[ids > 0]):
        mask = ids == number
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        y, x = int(rows[0]), int(np.flatnonzero(mask[rows[0]])[0])
        confidence = float(sure[y, x])
        if confidence >= threshold:
            box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
            found.append(Found(classes[int(labels[y, x])], confidence, box, mask))
    found.sort(key=lambda thing: -thing.confidence)
    return ThingsAnswer(tuple(found), ids.shape[0], ids.shape[1], threshold, tuple(classes))
