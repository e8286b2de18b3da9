"""Many settings on one picture set: what to try, in which order, where it runs, and what came out."""
