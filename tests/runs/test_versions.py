"""Ledgers and run folders of the first version become those of this one."""

import sqlite3

from tests.runs.test_sweeps import combinations

from glassnet import durable
from glassnet.runs.folder import LEDGER, RunFolder
from glassnet.runs.ledger import Ledger, rebuild
from glassnet.runs.names import create


def test_records_of_the_first_version_are_read(tmp_path, recipe, scores):
    folder = create(tmp_path, "p")
    ledger = Ledger(tmp_path)
    ledger.finish(ledger.claim(ledger.plan(folder.name, recipe, folder)), 1, (scores(),))
    record = RunFolder(folder.path).read_record()
    old = {k: v for k, v in record.items() if k not in ("combination", "repeat", "chosen", "worker")}
    durable.write_json(folder.record, old)
    assert rebuild(tmp_path)[0].rows() == ledger.rows()


FIRST_VERSION = """
CREATE TABLE runs (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, sweep TEXT, name TEXT NOT NULL, folder TEXT, status TEXT NOT NULL,
    token INTEGER NOT NULL, exit_code INTEGER, sentence TEXT, settings TEXT NOT NULL, seed BIGINT, data_hash TEXT, code_version TEXT,
    machine TEXT, task TEXT, network TEXT, epochs_done INTEGER NOT NULL, epochs_planned INTEGER, planned_at TEXT NOT NULL,
    started_at TEXT, ended_at TEXT, heartbeat_at TEXT, test_opened INTEGER NOT NULL);
CREATE INDEX ix_runs_name ON runs (name);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_sweep ON runs (sweep);
CREATE TABLE scores (run INTEGER NOT NULL, split TEXT NOT NULL, kind TEXT NOT NULL, "of" TEXT NOT NULL, name TEXT NOT NULL,
    headline INTEGER NOT NULL, value DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL, n INTEGER NOT NULL,
    method TEXT NOT NULL, threshold DOUBLE, PRIMARY KEY (run, split, kind, "of", name), FOREIGN KEY(run) REFERENCES runs (id));
CREATE TABLE meta ("key" TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('product', 'glassnet ledger'), ('version', '1');
INSERT INTO runs VALUES (7, NULL, 'photos-fast-001', NULL, 'done', 1, 0, NULL, '{"train.lr": 0.1}', 0, 'd', '1', 'm', 'classify',
    'fast', 3, 3, '2026-01-01T00:00:00.000000+00:00', NULL, '2026-01-01T01:00:00.000000+00:00', NULL, 1);
INSERT INTO scores VALUES (7, 'validation', 'figure', '', 'accuracy', 1, 0.5, 0.4, 0.6, 30, 'wilson', NULL);
"""


def test_a_ledger_of_the_first_version_becomes_one_of_this_with_a_copy_beside_it(tmp_path, recipe):
    with sqlite3.connect(tmp_path / LEDGER) as old:
        old.executescript(FIRST_VERSION)
    old.close()
    ledger = Ledger(tmp_path)
    row = ledger.row("photos-fast-001")
    assert (row.id, row.settings, row.combination, row.chosen, row.headline("validation").value) == (
        7,
        {"train.lr": 0.1},
        None,
        {},
        0.5,
    )
    ledger.new_sweep("s", {}, {}, {})
    assert ledger.plan_combinations("s", combinations(recipe, [1])) == 1 and ledger.rows(sweep="s")[0].id == 8
    assert ledger.plan_combinations("s", combinations(recipe, [1])) == 0 and ledger.check() == []
    (copy,) = tmp_path.glob("ledger-version-1-*.backup.db")
    with sqlite3.connect(copy) as held:
        assert held.execute("SELECT name FROM runs").fetchall() == [("photos-fast-001",)]
    held.close()
    fresh = Ledger(tmp_path / "fresh").database.read(_shape)
    assert ledger.database.read(_shape) == fresh


def _shape(connection):
    tables = (
        connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name")
        .scalars()
        .all()
    )
    return {t: sorted(tuple(c)[1:] for c in connection.exec_driver_sql(f"PRAGMA table_info({t})")) for t in tables}
