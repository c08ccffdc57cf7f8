"""OSCAL 1.2.1: which controls qgov's rules implement, and what an assessment of a commit found.

A component definition and assessment results, as JSON values. Only NIST SP 800-53 has a
catalogue in OSCAL to point to; the other frameworks are resources of the back matter.
Informative: a rule helps to meet a control, it does not meet it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from qgov import __version__
from qgov.checks.catalogue import rules, rules_by_control
from qgov.checks.controls import FRAMEWORKS
from qgov.checks.rule import Rule
from qgov.finding import Finding, Severity
from qgov.language.scalars import format_instant

__all__ = ["Assessment", "assessment_results", "component_definition"]

OSCAL_VERSION: Final = "1.2.1"
NAMESPACE: Final = uuid5(NAMESPACE_URL, "https://qgov.dev/oscal")
NIST: Final = "nist-800-53"
NIST_CATALOGUE: Final = (
    "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/"
    "NIST_SP-800-53_rev5_catalog.json"
)
COMPONENT: Final = "component-definition.json"


class Assessment(Struct, frozen=True):
    """What was assessed: a commit at a time, the findings of `qgov validate`, and the
    summary of a conformance run where there was one."""

    organization: str
    commit: str
    time: datetime
    findings: Sequence[Finding]
    conformance: Mapping[str, int] | None


def component_definition(organization: str, time: datetime) -> dict[str, Any]:
    """The component definition: each control, and the rules that serve it."""
    served = rules_by_control()
    return {
        "component-definition": {
            "uuid": _uuid("component-definition", organization),
            "metadata": _metadata(f"Access governance of {organization}", time),
            "components": [
                {
                    "uuid": _uuid("component", organization),
                    "type": "service",
                    "title": f"Quantum cloud access of {organization}",
                    "description": "Access to quantum clouds, declared, reviewed and compiled "
                    "with qgov.",
                    "control-implementations": [
                        _implementation(framework, organization, served) for framework in FRAMEWORKS
                    ],
                }
            ],
            "back-matter": {
                "resources": [
                    {"uuid": _uuid("framework", name), "title": title}
                    for name, title in FRAMEWORKS.items()
                    if name != NIST
                ]
            },
        }
    }


def _implementation(
    framework: str, organization: str, served: Mapping[tuple[str, str], list[Rule]]
) -> dict[str, Any]:
    source = NIST_CATALOGUE if framework == NIST else f"#{_uuid('framework', framework)}"
    return {
        "uuid": _uuid("implementation", organization, framework),
        "source": source,
        "description": f"{FRAMEWORKS[framework]}: the rules that serve each control.",
        "implemented-requirements": [
            {
                "uuid": _uuid("requirement", organization, framework, control),
                "control-id": _token(framework, control),
                "description": " ".join(f"{rule.code}: {rule.summary}" for rule in found),
            }
            for (name, control), found in sorted(served.items())
            if name == framework
        ],
    }


def assessment_results(assessed: Assessment) -> dict[str, Any]:
    """The assessment results. A control is not satisfied when a rule that serves it found an
    error, or, for those about enforcement, when a case of conformance failed."""
    served = rules_by_control()
    id_of = (assessed.organization, assessed.commit)
    broken = {f.code for f in assessed.findings if f.severity is Severity.ERROR}
    instant = format_instant(assessed.time)
    result: dict[str, Any] = {
        "uuid": _uuid("result", *id_of),
        "title": f"Configuration at {assessed.commit}",
        "description": "Every rule of `qgov validate`, and conformance of the compiled bundle.",
        "start": instant,
        "end": instant,
        "reviewed-controls": {
            "control-selections": [
                {
                    "description": title,
                    "include-controls": [
                        {"control-id": _token(framework, control)}
                        for name, control in sorted(served)
                        if name == framework
                    ],
                }
                for framework, title in FRAMEWORKS.items()
            ]
        },
        "observations": list(_observations(assessed, id_of)),
        "findings": [
            _finding(assessed, framework, control, found, broken)
            for (framework, control), found in sorted(served.items())
        ],
    }
    return {
        "assessment-results": {
            "uuid": _uuid("assessment-results", *id_of),
            "metadata": _metadata(f"Assessment of {assessed.organization}", assessed.time),
            "import-ap": {"href": COMPONENT},
            "results": [result],
        }
    }


def _observations(assessed: Assessment, id_of: tuple[str, str]) -> Iterable[dict[str, Any]]:
    instant = format_instant(assessed.time)
    for rule in rules():
        found = [f for f in assessed.findings if f.code == rule.code]
        places = "; ".join(f"{f.told} ({f.origin})" for f in found)
        yield {
            "uuid": _uuid("observation", *id_of, rule.code),
            "title": f"{rule.code} {rule.name}",
            "description": f"{rule.summary} {places or 'Nothing found.'}",
            "methods": ["EXAMINE"],
            "collected": instant,
        }
    if (summary := assessed.conformance) is not None:
        yield {
            "uuid": _uuid("observation", *id_of, "conformance"),
            "title": "Conformance of the compiled bundle",
            "description": f"{summary['passed']} cases passed, {summary['failed']} failed; of "
            f"{summary['submitted']} circuits submitted {summary['refused']} were refused.",
            "methods": ["TEST"],
            "collected": instant,
        }


def _finding(
    assessed: Assessment,
    framework: str,
    control: str,
    served_by: Sequence[Rule],
    broken: Iterable[str],
) -> dict[str, Any]:
    id_of = (assessed.organization, assessed.commit)
    wrong = sorted({rule.code for rule in served_by} & set(broken))
    failed = bool(assessed.conformance and assessed.conformance["failed"])
    related = [_uuid("observation", *id_of, rule.code) for rule in served_by]
    if assessed.conformance is not None:
        related.append(_uuid("observation", *id_of, "conformance"))
    satisfied = not wrong and not failed
    told = "No rule that serves the control found an error."
    if not satisfied:
        told = f"Errors of {', '.join(wrong)}." if wrong else "A case of conformance failed."
    return {
        "uuid": _uuid("finding", *id_of, framework, control),
        "title": f"{FRAMEWORKS[framework]} {control}",
        "description": told,
        "target": {
            "type": "objective-id",
            "target-id": f"{_token(framework, control)}_obj",
            "status": {"state": "satisfied" if satisfied else "not-satisfied"},
        },
        "related-observations": [{"observation-uuid": each} for each in related],
    }


def _metadata(title: str, time: datetime) -> dict[str, Any]:
    return {
        "title": title,
        "last-modified": format_instant(time),
        "version": __version__,
        "oscal-version": OSCAL_VERSION,
    }


def _token(framework: str, control: str) -> str:
    """A control's id as an OSCAL token; NIST's are tokens already."""
    if framework == NIST:
        return control
    return f"{framework}-{re.sub(r'[^A-Za-z0-9.-]+', '.', control).strip('.')}"


def _uuid(*parts: str) -> str:
    return str(uuid5(NAMESPACE, "\n".join(parts)))
