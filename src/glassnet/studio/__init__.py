"""The studio: a page on this machine for runs, the ledger, live training, and whatever else a person does with a network.

`app.py` puts the server together, `security.py` guards its door, `api/` has one file per page, `static/` holds the page itself: plain ES
modules and one stylesheet, without a build step.
"""
