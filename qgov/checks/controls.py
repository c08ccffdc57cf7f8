"""The control map: which controls of which framework a topic serves. Informative.

Rows and ids: SOC 2 (2017 TSC), ISO/IEC 27001:2022 Annex A, NIST SP 800-53 r5.1.1, GDPR
articles, CSA CCM v4.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["FRAMEWORKS", "TOPICS", "controls_of"]

FRAMEWORKS: Final = {
    "soc2": "SOC 2 (2017 TSC)",
    "iso27001": "ISO/IEC 27001:2022 Annex A",
    "nist-800-53": "NIST SP 800-53 r5.1.1",
    "gdpr": "GDPR article",
    "ccm": "CSA CCM v4.0",
}

_ORDER = ("soc2", "iso27001", "nist-800-53", "gdpr", "ccm")


def _row(*columns: str) -> tuple[str, ...]:
    return tuple(
        f"{framework}:{control}"
        for framework, ids in zip(_ORDER, columns, strict=True)
        for control in ids.split()
    )


TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "individual-identity": _row(
        "CC6.1 CC6.2", "5.16 5.17", "ia-2 ia-2.5 ia-4 ac-2", "32(1)(b) 5(2)", "IAM-03 IAM-13"
    ),
    "strong-authentication": _row(
        "CC6.1 CC6.6",
        "5.17 8.5",
        "ia-2.1 ia-2.2 ia-2.8 ia-5 ia-11 ac-2.11 ac-7",
        "32",
        "IAM-14 IAM-02 IAM-16",
    ),
    "least-privilege": _row(
        "CC6.3 CC6.1",
        "5.15 5.18 8.3",
        "ac-3 ac-6 ac-6.1 ac-6.2 ac-6.10 ac-2.7",
        "25(2) 32",
        "IAM-05 IAM-16",
    ),
    "separation-of-duties": _row("CC6.3 CC5.1", "5.3", "ac-5", "32", "IAM-04 IAM-09"),
    "just-in-time": _row(
        "CC6.1 CC6.3",
        "8.2 5.18",
        "ac-2.2 ac-6.5 ac-6.9 ac-2.13 ac-12",
        "25(2) 32",
        "IAM-10 IAM-09 IAM-11",
    ),
    "joiner-mover-leaver": _row(
        "CC6.2 CC6.3", "5.16 5.18 6.5", "ac-2 ac-2.1 ac-2.3 ps-4 ps-5", "32(1)(b)", "IAM-06 IAM-07"
    ),
    "access-review": _row(
        "CC6.2 CC6.3 CC4.1", "5.18 8.2", "ac-2 ac-6.7 ca-7", "32(1)(d)", "IAM-08"
    ),
    "tenant-isolation": _row(
        "CC6.1 CC6.6",
        "5.23 8.3 8.22",
        "sc-2 sc-4 sc-7 sc-7.21 sc-39 ac-4",
        "32(1)(b) 25",
        "IVS-06 IAM-16 DSP-17",
    ),
    "secrets": _row(
        "CC6.1", "5.17 8.24", "ia-5 ia-5.1 sc-12 sc-28", "32(1)(a)", "CEK-03 CEK-12 IAM-15"
    ),
    "workload-identity": _row(
        "CC6.1", "5.16 5.17 8.5", "ia-5 ia-9 ia-11 sc-23 ac-12", "32", "IAM-13 IAM-14 CEK-12"
    ),
    "audit-content": _row(
        "CC7.2 CC4.1",
        "8.15 8.17",
        "au-2 au-3 au-3.1 au-8 au-12",
        "30 5(2)",
        "LOG-07 LOG-08 LOG-06 LOG-11",
    ),
    "audit-immutability": _row(
        "CC7.2 CC6.1",
        "8.15 5.33 5.28",
        "au-9 au-9.2 au-9.3 au-9.4 au-10 si-7",
        "32(1)(b)",
        "LOG-02 LOG-09 IAM-12 LOG-04",
    ),
    "audit-retention": _row(
        "CC7.2 CC7.3", "8.15 5.33 8.16", "au-11 au-6 au-9", "5(1)(e)", "LOG-03 LOG-05 LOG-02"
    ),
    "change-approval": _row(
        "CC8.1",
        "8.32 8.4 5.3",
        "cm-3 cm-3.2 cm-4 cm-5 cm-5.1",
        "24 32(1)(d)",
        "CCC-01 CCC-02 CCC-04 CCC-06",
    ),
    "drift": _row(
        "CC7.1 CC8.1", "8.9 8.16", "cm-2 cm-6 cm-6.1 ca-7 si-4 si-7", "32(1)(d)", "CCC-07 CCC-08"
    ),
    "exceptions": _row("CC3.2 CC8.1 CC9.1", "5.36 5.31", "ca-2 ra-3 cm-3", "24", "GRC-04 CCC-08"),
    "residency": _row(
        "CC6.7 C1.1 P6.1",
        "5.14 5.23 5.34",
        "sa-9.5 ac-4 sc-7 pt-2",
        "44 45 46 49 28(3)(a)",
        "DSP-19 DSP-10",
    ),
    "data-retention": _row(
        "C1.2 C1.1 CC6.5 P4.2 P4.3",
        "8.10 5.33 5.34",
        "si-12 si-12.3 mp-6 au-11",
        "5(1)(e) 17 28(3)(g)",
        "DSP-16 DSP-02",
    ),
    "classification": _row("C1.1", "5.12 5.13", "ac-16 ra-3", "5(1)(c) 30", "DSP-04 DSP-01"),
    "vendor-risk": _row(
        "CC9.2",
        "5.19 5.20 5.21 5.22 5.23",
        "sa-9 sr-2 sr-3 sr-6 sa-4",
        "28 28(2) 28(4)",
        "STA-08 STA-09 STA-12 STA-13 STA-14 DSP-13 DSP-14",
    ),
    "cost": _row("A1.1 CC5.2", "8.6", "sc-5 sc-6 pm-3 au-6", "", "IVS-02 GRC-02"),
    "incident-response": _row(
        "CC7.3 CC7.4 CC7.5",
        "5.24 5.25 5.26 5.27 5.28",
        "ir-4 ir-5 ir-6 ir-8 ac-2.2",
        "33 34",
        "SEF-03 SEF-06 SEF-07",
    ),
    "assessment": _row(
        "CC4.1 CC4.2 CC2.1", "5.35 5.36", "ca-2 ca-7", "5(2) 24 28(3)(h)", "A&A-02 A&A-03 A&A-06"
    ),
}
"""Controls by topic, as `framework:id`."""


def controls_of(topics: Iterable[str]) -> tuple[str, ...]:
    """The controls of some topics without repeats, in order of framework and id."""
    found = {control for topic in topics for control in TOPICS[topic]}
    return tuple(sorted(found, key=lambda c: (_ORDER.index(c.partition(":")[0]), c)))
