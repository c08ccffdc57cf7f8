#!/usr/bin/env bash
# scim2-filter-parser 0.7.0, which filters for django-scim2: "and" binds no closer than "or".
#
# Guess: a filter means what RFC 7644, 3.4.2.2, says, which the parser's own source quotes: not before
# and, and before or. In fact the two are of one rank and read from left to right, so that
# `A or B and C` is `(A or B) and C`, while `C and B or A` comes out right. A directory that is asked
# leaves people out, with status 200. With brackets all is well.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scim2-filter-parser==0.7.0

"$work/venv/bin/python" - <<'PY'
import sqlite3
from importlib.metadata import version

from scim2_filter_parser.queries.sql import SQLiteQuery

print("scim2-filter-parser", version("scim2-filter-parser"))
directory = sqlite3.connect(":memory:")
directory.execute("CREATE TABLE people (name, team, site)")
rows = [("mei", "chemistry", "graz"), ("ola", "physics", "graz"), ("tom", "physics", "oulu")]
directory.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
columns = {(column, None, None): column for column in ("team", "site")}


def found(text):
    query = SQLiteQuery(text, "people", columns)
    return sorted(name for name, *_ in directory.execute(query.sql, query.params))


chemistry, physics, oulu = 'team eq "chemistry"', 'team eq "physics"', 'site eq "oulu"'
seen = []
for text in (
    f"{chemistry} or {physics} and {oulu}",
    f"{oulu} and {physics} or {chemistry}",
    f"{chemistry} or ({physics} and {oulu})",
):
    seen.append(found(text))
    print(f"{text:62} finds {', '.join(seen[-1])}")
assert seen == [["tom"], ["mei", "tom"], ["mei", "tom"]], seen
PY
