"""What a budget's use is counted on: an account of the ledger, which stays when the budget is
renamed.

An account has the name that its budget had first. When a bundle says that a budget had another
name before (`formerly`), it goes on with the account of that name, and the name is free: a
budget that gets it later begins with an account of its own. Each bundle finds this out once;
what it found stays true for it, so that gateways with the bundle before count on the same
accounts.

A function takes an open connection, inside of a transaction that writes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Final

__all__ = ["SCHEMA", "adopt"]

SCHEMA: Final = """\
CREATE TABLE accounts (budget TEXT PRIMARY KEY, account TEXT) WITHOUT ROWID;
CREATE TABLE bundles (id TEXT PRIMARY KEY, accounts TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO accounts SELECT DISTINCT budget, budget FROM counters"""
"""A name without an account is free: its account has another name now. A bundle keeps the
accounts that are not called as their budgets."""


def adopt(
    database: sqlite3.Connection, revision: str, budgets: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The accounts of a bundle's budgets, of those whose account is called otherwise. `budgets`
    are all of them by name, with their former names, the last one first."""
    said = json.dumps([revision, sorted((name, *old) for name, old in budgets.items())])
    id_ = hashlib.sha256(said.encode()).hexdigest()
    known = database.execute("SELECT accounts FROM bundles WHERE id = ?", (id_,)).fetchone()
    if known is not None:
        return dict(json.loads(known[0]))
    held = dict(database.execute("SELECT budget, account FROM accounts"))
    changed = _changed(held, budgets)
    database.executemany("REPLACE INTO accounts (budget, account) VALUES (?, ?)", changed.items())
    held |= changed
    found = {name: account for name in budgets if (account := held[name]) not in (name, None)}
    database.execute("INSERT INTO bundles (id, accounts) VALUES (?, ?)", (id_, json.dumps(found)))
    return found


def _changed(
    held: Mapping[str, str | None], budgets: Mapping[str, Sequence[str]]
) -> dict[str, str | None]:
    """The names whose account a bundle changes. `held` are those of the bundles before it."""
    changed: dict[str, str | None] = {}
    for name, former in budgets.items():
        if held.get(name) is not None:
            continue
        old = next((n for n in former if n not in budgets and held.get(n) is not None), None)
        if old is not None:
            changed |= {name: held[old], old: None}
        else:
            # Where the name is free, what was counted under it is another budget's now.
            changed[name] = _unused(name, held) if name in held else name
    return changed


def _unused(name: str, held: Mapping[str, str | None]) -> str:
    taken: Collection[str | None] = {*held.values()}
    return next(a for n in count(2) if (a := f"{name}#{n}") not in taken)
