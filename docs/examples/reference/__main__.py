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
from docs.examples.reference.people import MEI, let_in, without_second_factor
from docs.examples.reference.refusals import REFUSALS, SANDBOX, elevations, password_alone
from qgov.render.text import columns, wrapped


def say(title: str, rows: Iterable[Sequence[str]] = ()) -> None:
    """A step, and what came of it."""
    sys.stdout.write("\n".join([*wrapped(title, 0), *columns(rows, width=130), ""]) + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Show everything, in order."""
    with started(folder) as running:
        say("1. Compiled and signed: the realms for Keycloak, the bundle for OPA. Both run.")
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


def _verified(running: Architecture) -> None:
    rows = []
    for stream in ("jobs", "admin"):
        done = running.qgov("audit", "verify", f"{stream}.jsonl", "--stream", stream)
        rows.append(("qgov audit verify", done.stdout.strip() or done.stderr.strip()))
    counters = running.gateway.ledger.audit_counters()
    rows.append(("the ledger", "; ".join(counters) or "sound: its counters are the sum of its jobs"))
    say("7. Nobody has touched the records", rows)


def _drifted(running: Architecture) -> None:
    """In sync, changed by hand, told, and in sync again."""
    say("9. qgov drift, of both realms and the policy engine", _told(running))
    with without_second_factor(running):
        outcome = attempt(running, password_alone(running, "noa"), SANDBOX)
        say(
            "10. Somebody takes the second factor off a client by hand, in Keycloak",
            [("a developer with a password alone", outcome), *_told(running)],
        )
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
