"""Ultralytics' yolo11n or yolo11n-seg from its yaml, random weights. In the environment of the peers, which is the only place for it
(AGPL-3.0):

    python dense_yolo.py bccd-voc FOLDER OUT --size 640|320 --minutes 10 --seed 0 --started SECONDS

Its own training, schedule, changes and choice of the best weights on val. What a careful user adds: `time` so that its schedule ends with
the clock, no early stop, pictures in memory, a step per batch of 16 or 8 (its default gathers four batches, too few steps for this time),
upside down where a set has no up. It trains in fp32: bf16 it offers on GPUs only. Nothing is sent or fetched: it is told that it is
offline, and not to install.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from dense_clock import arguments, say, seeded, write_answers
from dense_sets import NO_UP, Picture, PictureSet, Thing, mask_of, read, run_lengths

LEAST_SURE, MOST = 0.001, 100
BATCH, FEW = 16, 64  # half the batch for a set of fewer pictures


def alone(place: Path) -> None:
    """Keep Ultralytics to itself, before it is imported: settings of its own, no telemetry, no network, no installing, a font at hand."""
    os.environ |= {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(place),
        "YOLO_VERBOSE": "true",
    }
    folder = place / "Ultralytics"
    folder.mkdir(parents=True)
    import matplotlib

    shutil.copy(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", folder / "Arial.ttf")
    from ultralytics import settings
    from ultralytics.utils import ONLINE, events

    settings.update({"sync": False, "runs_dir": str(place), "weights_dir": str(place), "datasets_dir": str(place)})
    if ONLINE or events.Events().enabled:
        raise SystemExit("Ultralytics thinks that it may use the network; it must not.")


def written(pictures: PictureSet, place: Path) -> Path:
    """Write the set as YOLO has it, with links to the pictures, and return data.yaml."""
    for part in ("train", "val"):
        (place / "images" / part).mkdir(parents=True)
        (place / "labels" / part).mkdir(parents=True)
        for picture in getattr(pictures, part):
            (place / "images" / part / f"{picture.number}{picture.file.suffix}").symlink_to(picture.file.resolve())
            lines = []
            for thing in picture.things:
                points = outline(picture, thing) if pictures.task == "instances" else centre(thing)
                sides = [(picture.width, picture.height)[i % 2] for i in range(len(points))]
                values = " ".join(f"{value / side:.6f}" for value, side in zip(points, sides, strict=True))
                lines.append(f"{pictures.names.index(thing.label)} {values}\n")
            (place / "labels" / part / f"{picture.number}.txt").write_text("".join(lines))
    names = dict(enumerate(pictures.names))
    held = {"path": str(place), "train": "images/train", "val": "images/val", "nc": len(names), "names": names}
    (place / "data.yaml").write_text(json.dumps(held))
    return place / "data.yaml"


def centre(thing: Thing) -> list[float]:
    """Return cx, cy, width, height in pixels."""
    x1, y1, x2, y2 = thing.box
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]


def outline(picture: Picture, thing: Thing) -> list[float]:
    """Return the outline x0, y0, … of a thing: its polygon, or that of the largest part of its mask. YOLO's files hold one each."""
    if thing.outline:
        return list(max(thing.outline, key=len))
    import cv2

    # Contours go through the centres of pixels; those of the fourfold mask lie an eighth of a pixel inside the edges.
    fourfold = np.kron(mask_of(picture, thing), np.ones((4, 4))).astype(np.uint8)
    parts = cv2.findContours(fourfold, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    points = (max(parts, key=cv2.contourArea).reshape(-1, 2) + 0.5) / 4
    return points.ravel().tolist()


def answer(model: object, pictures: PictureSet, size: int, place: Path) -> None:
    """Write what it found in the val pictures, in their own pixels."""
    answers: dict[int, list[dict]] = {}
    for picture in pictures.val:
        options = {
            "imgsz": size,
            "conf": LEAST_SURE,
            "max_det": MOST,
            "retina_masks": True,
            "verbose": False,
            "device": "cpu",
        }
        found = model.predict(str(picture.file), **options)[0]
        things = []
        for i, (box, label, sure) in enumerate(zip(found.boxes.xyxy, found.boxes.cls, found.boxes.conf, strict=True)):
            thing = {"label": pictures.names[int(label)], "score": float(sure), "box": box.tolist()}
            if found.masks is not None:
                thing["mask"] = run_lengths(found.masks.data[i].numpy() > 0.5)
            things.append(thing)
        answers[picture.number] = things
    write_answers(place, answers)


def main() -> None:
    words = arguments(size=640)
    seeded(words.seed)
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-yolo-") as held:
        place = Path(held)
        alone(place / "settings")
        import torch
        from ultralytics import YOLO

        pictures = read(words.name, words.folder)
        data = written(pictures, place / "data")
        told: dict = {"steps": 0, "images": 0}
        batch = BATCH if len(pictures.train) >= FEW else BATCH // 2

        def begin(trainer: object) -> None:
            torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
            spent = trainer.train_time_start - words.started
            trainer.args.time = max(words.minutes * 60 - spent, 1.0) / 3600

        def epoch(trainer: object) -> None:
            told.update({"epochs": trainer.epoch + 1, "training seconds": time.time() - trainer.train_time_start})

        def step(trainer: object) -> None:
            told["steps"] += 1
            told["images"] = round(told["steps"] * len(pictures.train) / len(trainer.train_loader))

        model = YOLO("yolo11n-seg.yaml" if pictures.task == "instances" else "yolo11n.yaml")
        model.add_callback("on_train_start", begin)
        model.add_callback("on_train_batch_start", step)
        model.add_callback("on_model_save", epoch)
        model.train(
            data=str(data), imgsz=words.size, time=words.minutes / 60, batch=batch, nbs=batch,
            patience=0, cache="ram", device="cpu", seed=words.seed, pretrained=False, plots=False, verbose=False,
            project=str(place / "runs"), flipud=0.5 if pictures.name in NO_UP else 0.0, amp=False,
        )  # fmt: skip
        told |= {"precision": "fp32", "optimizer": type(model.trainer.optimizer).__name__}
        best = YOLO(str(model.trainer.best))
        answer(best, pictures, words.size, words.out)
    say(told)


if __name__ == "__main__":
    main()
