"""Runs: the folder of one run, and the ledger of all. Import from the files; `ledger` brings SQLAlchemy, the others nothing heavy."""
