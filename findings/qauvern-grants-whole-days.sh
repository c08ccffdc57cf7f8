#!/usr/bin/env bash
# qauvern 0.14.0, IBM's allocation tool: a net grant that begins and ends on one day is loaded and
# grants nothing; one of several days leaves out the last.
#
# Guess: a grant from 08:00 to 20:00, written with its hours and offsets as the file demands, holds
# for these twelve hours. In fact only the days count, in UTC, from the first to the one before the
# last. A bonus for a day of calibration has to end on the day after, and no check says so.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check qauvern==0.14.0
cd "$work"

venv/bin/python - <<'PY'
from datetime import date
from importlib.metadata import version
from pathlib import Path

from qauvern.config import ConfigParser
from qauvern.limit_resolver import resolve_limit
from qauvern.models import InstanceDetailedUsage, InstanceState

ACCOUNT = "0" * 31 + "1"
CONFIG = """\
account_id: "{account}"
plan: premium
minimum_allocation_seconds: 60
instances:
  - name: lab
    crn: "crn:v1:bluemix:public:quantum-computing:eu-de:a/{account}:00000000-0000-4000-8000-000000000001::"
    limit_seconds: 400
    net_grants:
      - {{start_date: "{start}", end_date: "{end}", net_grant_seconds: 3600}}
"""


def totals(start, end):
    text = CONFIG.format(account=ACCOUNT, start=start, end=end)
    Path("config.yaml").write_text(text, encoding="utf-8")
    (lab,) = ConfigParser("config.yaml").instance_configs
    state = InstanceState(lab.crn, lab.name, 0, None, 0, InstanceDetailedUsage(0, 0, 0, 0, {}))
    return [resolve_limit(lab, state, date(2026, 12, day)).total for day in (1, 2, 3)]


print("qauvern", version("qauvern"))
within = totals("2026-12-01T08:00:00+00:00", "2026-12-01T20:00:00+00:00")
over = totals("2026-12-01T08:00:00+00:00", "2026-12-02T20:00:00+00:00")
print("seconds on 1, 2 and 3 December with a grant of 3,600 on top of 400")
print("  from 08:00 to 20:00 of the 1st:          ", within)
print("  from 08:00 of the 1st to 20:00 of the 2nd:", over)
assert within == [400, 400, 400], within
assert over == [4000, 400, 400], over
PY
