"""The page of a sweep: every combination with its score, what can be told apart, and what mattered, in one file."""
