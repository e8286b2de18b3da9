"""What the documents print: the X, its feature with its maps, and the worked convolution of three colours."""

X_IMAGE = [
    [1 if min(row, column) >= 1 and max(row, column) <= 7 and column in (row, 8 - row) else -1 for column in range(9)]
    for row in range(9)
]
FEATURE_A = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
MAP_A = """
 0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
-0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
 0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
 0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
 0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
-0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
 0.33 -0.11  0.55  0.33  0.11 -0.11  0.77
"""
POOLED_A = """
1.00 0.33 0.55 0.33
0.33 1.00 0.33 0.55
0.55 0.33 1.00 0.11
0.33 0.55 0.11 0.77
"""
RED = [[7, 91, 9, 164], [87, 221, 66, 13], [29, 34, 1, 81], [4, 87, 72, 45]]
GREEN = [[99, 15, 3, 47], [51, 114, 19, 82], [189, 74, 255, 2], [48, 10, 147, 79]]
BLUE = [[187, 234, 168, 2], [88, 29, 172, 71], [92, 58, 9, 110], [62, 47, 69, 5]]
FILTERS = [[[0, 1], [1, 0]], [[0, 1], [1, 1]], [[0, 0], [1, 1]]]


def table(text):
    return [[float(cell) for cell in line.split()] for line in text.strip().splitlines()]
