"""The report: what was learned from which pictures, in one file that opens from disk and asks nothing of any network."""
