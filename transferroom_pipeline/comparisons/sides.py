"""The two sides of a comparison: by their numbers, where they stand in a pair, and by their names."""

LEGACY, MODERN = 0, 1
SIDES = (LEGACY, MODERN)
SIDE_NAMES = ("legacy", "modern")
