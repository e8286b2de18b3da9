"""What the tasks whose answers are places in the picture ask of the recipe, all of them alike; each adds what is its own."""

from glassnet.tasks.contract import Advice

ADVICE: Advice = {
    "network": ("pyramid", "five resolutions, for boxes and masks; others: fast, resnet18, a list of layers"),
    "augment.saturation": (0.4, "light changes"),
    "train.ema": (0.99, "averaged weights answer better; measured"),
}
MASKS: Advice = ADVICE | {
    "augment.zoom": (0.3, "things come in sizes"),
    "augment.shift": (0.1, "things come in places"),
    "augment.brightness": (0.15, "light changes"),
    "augment.contrast": (0.25, "light changes"),
}
"""Where masks are moved, which follow exactly."""
