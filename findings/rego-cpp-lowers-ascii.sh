#!/usr/bin/env bash
# regopy 1.5.2 (rego-cpp): lower and upper change the letters of ASCII alone.
#
# Guess: `lower` makes two spellings of a name equal in every engine. In fact OPA lowers É, Ö and Ж,
# too, and rego-cpp leaves them: one policy with one request finds José in one engine and not in the
# other, as soon as somebody writes the name in capitals.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check regopy==1.5.2

"$work/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

from regopy import Interpreter

print("regopy", version("regopy"))
seen = []
for query, opa in (
    ('lower("TOM")', "tom"),
    ('lower("JOSÉ")', "josé"),
    ('lower("ÖЖ")', "öж"),
    ('upper("ö")', "Ö"),
):
    answer = json.loads(str(Interpreter().query(f"x := {query}")))["bindings"]["x"]
    seen.append(answer == opa)
    print(f"{query:16} {answer:8} OPA: {opa}")
assert seen == [True, False, False, False], "it knows other letters now: this finding is history"
PY
