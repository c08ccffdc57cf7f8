"""What holds for every test.

With QGOV_REQUIRE_REAL=1 a test that cannot run is a test that failed: a skip is a
courtesy to a machine without Terraform or a policy engine. On a machine that promises
to have them (`.ci/run`) it would hide what was not proven.

Generated examples have no deadline, because a first call may import or wait for a
process; in CI they are the same for the same code, so that a red run can be repeated.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.keycloak.issuer import WorkloadIssuer
    from tests.keycloak.server import Server

settings.register_profile("qgov", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("qgov")

COMPARED = "compared"
"""A property of a test's report: what it compared → how often; see `tests.decision.compared`."""

TESTS = Path(__file__).parent

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

REQUIRE_REAL = os.environ.get("QGOV_REQUIRE_REAL", "0") not in ("", "0")


def _refuse_skip(report: Report) -> Report:
    if REQUIRE_REAL and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"QGOV_REQUIRE_REAL=1 allows no skipped test: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip in a test or fixture into a failure."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module (`pytest.importorskip`) into an error."""
    return _refuse_skip((yield))


LONGEST = (
    "decision/test_exhaustive.py",
    "plan/test_totality.py",
    "decision/test_raw.py",
    "plan/test_made_up_edits.py",
    "decision/test_agreement.py",
    "mutants/test_quick.py",
    "plan/test_shortcuts.py",
    "gateway/test_concurrent.py",
    "drift/test_adopt_keycloak.py",
    "plan/test_witness.py",
)
"""Modules that take half a minute and more: they begin early, and nobody waits for one at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first, then those of most tests."""
    sizes = Counter(item.path for item in items)
    ranks = {TESTS / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda i: (ranks.get(i.path, len(ranks)), -sizes[i.path], i.path))


@pytest.fixture(scope="session")
def workload_issuer() -> Iterator[WorkloadIssuer]:
    """Who vouches for the workloads of the worked repository."""
    from tests.keycloak.issuer import vouching  # what few tests need is imported by these
    from tests.keycloak.realms import PIPELINES

    with vouching(PIPELINES.issuer) as issuer:
        yield issuer


@pytest.fixture(scope="session")
def keycloak(
    tmp_path_factory: pytest.TempPathFactory, workload_issuer: WorkloadIssuer
) -> Iterator[Server]:
    """One Keycloak for all tests of a process, with the realms of the worked repository. Whoever
    changes more of a realm than adding people makes one of their own."""
    from tests.keycloak.realms import JWKS_VARIABLE, emitted
    from tests.keycloak.server import need_keycloak, running

    need_keycloak()
    variables = {JWKS_VARIABLE: workload_issuer.jwks_url}
    with running(tmp_path_factory.mktemp("keycloak") / "home", emitted(), variables) as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many requests the engines were compared on."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == COMPARED and isinstance(value, dict):
                counts.update(value)
    if counts:
        terminalreporter.section("requests compared with the reference")
    for what, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count:>9,}  {what}")
