"""The reference architecture, from the documents to the drift: `make reference`.

Everything is real and runs here: Keycloak with the compiled realms, Open Policy Agent with the
signed bundle, the gateway, Cirq. Only the devices are a simulator. What it prints is the same
in each run, and `.ci/run` compares it with `expected.txt`. docs/reference.md tells the story.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from docs.examples.reference.architecture import Architecture, started
from docs.examples.reference.jobs import SHOTS, TIERS, attempt, by_role, spend, told
from docs.examples.reference.people import (
    MEI,
    let_in,
    password_alone,
    with_a_password_alone,
    without_the_stand_in,
)
from docs.examples.reference.refusals import DEVELOPERS, REFUSALS, SANDBOX, elevations
from qgov.render.text import columns, wrapped
from tests.keycloak.realms import REALMS


def say(title: str, rows: Iterable[Sequence[str]] = ()) -> None:
    """A step, and what came of it."""
    sys.stdout.write("\n".join([*wrapped(title, 0), *columns(rows, width=130), ""]) + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Show everything, in order."""
    with started(folder) as running:
        say("1. Compiled, signed and started", _runs(running))
        tokens = let_in(running)
        say(
            "2. Signed in: people with a password, a one-time code and PKCE; workloads by an "
            f"exchange of their pipeline's token. {len(tokens)} access tokens."
        )
        say(
            f"3. Each role submits a Cirq circuit of {SHOTS} shots in each tier of its tenant",
            [("role", "who", "tenant", *TIERS), *by_role(running, tokens)],
        )
        say("4. Production, just in time", elevations(running, tokens))
        rows = [(words, try_(running, tokens["hana"])) for words, try_ in REFUSALS]
        say("5. Refused, with the reason in the audit log", rows)
        say(f"6. The audit log of jobs about {MEI}", told(running, MEI))
        _verified(running)
        say("8. What was spent, by the budgets that it counts against", spend(running))
        _drifted(running)


def _runs(running: Architecture) -> list[tuple[str, str]]:
    foreign = running.takes_a_bundle_of_others()
    return [
        ("Keycloak", f"serves the realms {', '.join(sorted(REALMS.values()))}"),
        ("OPA", "decides by the bundle, whose signature it has verified"),
        ("OPA with another key", "takes it too" if foreign else "refuses the bundle"),
    ]


def _verified(running: Architecture) -> None:
    rows = []
    for stream in ("jobs", "admin"):
        done = running.qgov("audit", "verify", f"{stream}.jsonl", "--stream", stream)
        rows.append(("qgov audit verify", done.stdout.strip() or done.stderr.strip()))
    counters = running.gateway.ledger.audit_counters()
    rows.append(
        ("the ledger", "; ".join(counters) or "sound: its counters are the sum of its jobs")
    )
    say("7. Nobody has touched the records", rows)


def _drifted(running: Architecture) -> None:
    """In sync, changed by hand, told, and in sync again."""
    without_the_stand_in(running)
    say("9. qgov drift: both realms and the policy engine", _told(running))
    with with_a_password_alone(running):
        outcome = attempt(running, password_alone(running, "noa", DEVELOPERS), SANDBOX)
        rows = [("a developer with a password", outcome), *_told(running)]
        say("10. By hand, in Keycloak: people are let in with a password alone", rows)
    say("11. They take it back", _told(running))


def _told(running: Architecture) -> list[tuple[str, str]]:
    found = [(f"{d['risk']} {d['kind']}", f"{d['message']}") for d in running.drift()]
    return found or [("in sync", "what runs is what was reviewed")]


def _stop(number: int, _: FrameType | None) -> None:
    """End as an error does, so that the servers end too."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    with TemporaryDirectory(prefix="qgov-reference-") as scratch:
        main(Path(scratch))
