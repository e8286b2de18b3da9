"""The worked examples of the lessons: given values only. What follows from them is computed, never written down."""

RED = [[7, 91, 9, 164], [87, 221, 66, 13], [29, 34, 1, 81], [4, 87, 72, 45]]
GREEN = [[99, 15, 3, 47], [51, 114, 19, 82], [189, 74, 255, 2], [48, 10, 147, 79]]
BLUE = [[187, 234, 168, 2], [88, 29, 172, 71], [92, 58, 9, 110], [62, 47, 69, 5]]
FILTERS = [[[0, 1], [1, 0]], [[0, 1], [1, 1]], [[0, 0], [1, 1]]]
"""A picture of 4 × 4 pixels in three colours, and a filter of 2 × 2 for each."""

PATCH = [[0, 0, 0], [0, 156, 155], [0, 153, 154]]
PATCH_FILTER = [[-1, -1, 1], [0, 1, -1], [0, 1, 1]]
"""A corner of a picture with its padding, and a filter of 3 × 3."""

DIAGONAL = [[0, 1], [1, 0]]
LONELY_DIAGONAL = [[-1, 1], [1, -1]]
"""A filter that fires on every diagonal of its direction, and one that fires fully on isolated diagonals only."""

X_IMAGE = [[1 if 1 <= row <= 7 and column in (row, 8 - row) else -1 for column in range(9)] for row in range(9)]
"""A white X (1) on black (−1), nine by nine."""
_O_COLUMNS = {1: (3, 4, 5), 2: (2, 6), 3: (1, 7), 4: (1, 7), 5: (1, 7), 6: (2, 6), 7: (3, 4, 5)}
O_IMAGE = [[1 if column in _O_COLUMNS.get(row, ()) else -1 for column in range(9)] for row in range(9)]
"""A white O on black, of the same size."""
FEATURES = {
    "A": [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]],
    "B": [[1, -1, 1], [-1, 1, -1], [1, -1, 1]],
    "C": [[-1, -1, 1], [-1, 1, -1], [1, -1, -1]],
}
"""Parts of an X: a diagonal, a small X, the other diagonal."""

VOTES = [0.9, 0.65, 0.45, 0.87, 0.96, 0.73, 0.23, 0.63, 0.44, 0.89, 0.94, 0.53]
LISTENS = {"X": [1, 4, 5, 10, 11], "O": [2, 3, 9, 12]}
"""Twelve flattened values, and which of them (counted from 1) each class listens to."""

TENSOR = [3, 2, 4, 5]
"""The shape of a tensor of rank 4."""

PUBLISHED: list[dict[str, float]] = [
    {"epoch": 1, "loss": 1.5187, "accuracy": 0.4464, "validation_loss": 1.2385},
    {"epoch": 9, "validation_loss": 0.8461},
    {"epoch": 10, "loss": 0.5554, "accuracy": 0.8053, "validation_loss": 0.8843},
]
"""What is published of the tutorial network's ten epochs on CIFAR-10, the test pictures serving as validation."""
