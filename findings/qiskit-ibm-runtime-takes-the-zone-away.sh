#!/usr/bin/env bash
# qiskit-ibm-runtime 0.51.0: jobs(created_after=...) replaces the zone of an instant by that of the
# machine.
#
# Guess: a datetime that says its zone is an instant, the same wherever it is asked. In fact any offset
# but zero is taken off and the machine's own put in its place: midnight in Tokyo asks for midnight in
# UTC in a container, nine hours late, and for midnight in New York on a laptop there. Only UTC, or a
# datetime without a zone on the right machine, is what it says. Whoever reconciles a day's jobs with a
# bill loses those of the hours between.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check qiskit-ibm-runtime==0.51.0

cat >"$work/ask.py" <<'PY'
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from unittest.mock import MagicMock

from qiskit_ibm_runtime.api.rest.runtime import Runtime

session = MagicMock()
session.base_url = "https://quantum.example"
midnight = datetime(2026, 11, 2, tzinfo=timezone(timedelta(hours=9)))
seen = []
for instant in (midnight, midnight.astimezone(timezone.utc)):
    Runtime(session).jobs_get(created_after=instant)
    seen.append(session.get.call_args.kwargs["params"]["created_after"])
print("qiskit-ibm-runtime", version("qiskit-ibm-runtime"), "on a machine in", sys.argv[1])
print(f"  {midnight.isoformat()} is asked for as {seen[0]}")
print(f"  the same instant in UTC        as {seen[1]}")
assert seen == sys.argv[2:], seen
PY
TZ=UTC "$work/venv/bin/python" "$work/ask.py" UTC \
  2026-11-02T00:00:00+00:00 2026-11-01T15:00:00+00:00
TZ=EST5EDT,M3.2.0,M11.1.0 "$work/venv/bin/python" "$work/ask.py" "New York" \
  2026-11-02T05:00:00+00:00 2026-11-01T15:00:00+00:00
