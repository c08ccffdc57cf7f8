"""What AWS enforces, judged by an evaluator of IAM policies that others wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qgov.conformance.native.aws_misses import questions
from qgov.conformance.native.iam_simulate import answers, installed
from qgov.conformance.native.prove import prove_native
from qgov.conformance.native.question import Answer
from qgov.model.access_model import AccessModel
from qgov.render.native import as_native_text
from qgov.targets.braket import TARGET
from qgov.targets.target import Files
from tests.conformance.evaluator import need_evaluator
from tests.targets.aws import ACCOUNT, ELIGIBLE, FORTE, LAB, company
from tests.targets.worked import federation, worked

pytestmark = [pytest.mark.real, pytest.mark.no_cover]

NIGHTLY = {
    "name": "nightly",
    "owner": "leads",
    "federation": federation("repo:northwind/aurora:environment:production"),
    "bindings": [{"role": "researcher", "on": "lab"}],
}


def asked(model: AccessModel, files: Files) -> list[Answer]:
    """Every question about the files, answered."""
    return answers(questions(model, files), need_evaluator())


@cache
def small() -> AccessModel:
    """A tenant of one device and a group, a workload and an elevation; a second device that
    nobody may use, and a third that no environment names."""
    spare = {**FORTE, "target": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1"}
    return company(
        backends={"forte": FORTE, "spare": spare},
        account={**ACCOUNT, "region": "eu-north-1"},
        environments={**LAB, "shop": {"tier": "test", "backends": ["forte"], "projects": ["x"]}},
        floors={"mfa": True, "maxTokenAge": "1h"},
        bindings=[
            {"group": "staff", "role": "researcher", "on": "lab"},
            {"group": "leads", "role": "researcher", "on": "lab", "eligible": ELIGIBLE},
        ],
        serviceAccounts=[NIGHTLY],
    )


def test_aws_decides_as_the_worked_repository_says() -> None:
    found = asked(worked(), TARGET.emit(worked()))
    assert [a.question.name for a in found if not a.passed] == []
    assert len(found) >= 300
    assert sum(a.allowed for a in found) >= 50
    rows = {a.question.row for a in found if a.question.row}
    columns = {a.question.column for a in found if a.question.column}
    assert len(rows) >= 20
    assert columns == {
        "aqt-ibex", "ionq-forte", "iqm-emerald", "iqm-garnet", "rigetti-cepheus", "sv1"
    }  # fmt: skip


def test_aws_decides_as_a_small_repository_says() -> None:
    found = asked(small(), TARGET.emit(small()))
    assert [a.question.name for a in found if not a.passed] == []
    allowed = {(a.question.row, a.question.column) for a in found if a.question.row and a.allowed}
    assert allowed == {
        ("group:leads at aurora/lab (just in time)", "garnet"),
        ("group:staff at aurora/lab", "garnet"),
        ("workload:aurora/nightly at aurora/lab", "garnet"),
    }


def test_an_account_of_an_environment_is_judged_by_itself() -> None:
    own = {"account": "410000000909", "resultsBucket": "amazon-braket-aurora-shop"}
    shop = {"tier": "production", "backends": ["forte"], "projects": ["sales"]}
    model = company(
        backends={"forte": FORTE},
        environments={**LAB, "shop": shop},
        account={**ACCOUNT, "environments": {"shop": own}},
        bindings=[{"group": "staff", "role": "researcher", "on": "*"}],
    )
    found = asked(model, TARGET.emit(model))
    assert [a.question.name for a in found if not a.passed] == []
    assert sum(a.allowed for a in found if a.question.row) == 2


Statement = dict[str, Any]


def wildcard_device(statement: Statement) -> None:
    """Any QPU instead of one."""
    if statement.get("Sid", "").startswith("Submit"):
        statement["Resource"][0] = "arn:aws:braket:*:*:device/qpu/*"


def published_arn(statement: Statement) -> None:
    """The ARN as it is published, with an empty account."""
    if statement.get("Sid", "").startswith("Submit"):
        statement["Resource"][0] = statement["Resource"][0].replace(":*:device", "::device")


def missing_account(statement: Statement) -> None:
    """An ARN without the field of the account."""
    if statement.get("Sid", "").startswith("Submit"):
        statement["Resource"][0] = statement["Resource"][0].replace(":*:device", ":device")


def tag_as_gate(statement: Statement) -> None:
    """Any device to whoever writes a tag."""
    if statement.get("Sid", "").startswith("Submit"):
        statement["Resource"] = ["*"]
        statement["Condition"]["StringEquals"]["aws:RequestTag/device"] = "garnet"


def no_deny_of_limits(statement: Statement) -> None:
    """Nothing denies to change a limit."""
    if statement.get("Sid") == "DenySpendingLimits":
        statement["Action"] = ["braket:SearchJobs"]


def like_subject(statement: Statement) -> None:
    """Any branch and environment of a repository."""
    condition = statement.get("Condition", {})
    for key in [k for k in condition.get("StringEquals", {}) if k.endswith(":sub")]:
        subject = condition["StringEquals"].pop(key)
        condition["StringLike"] = {key: subject.rpartition("/")[0] + "/*"}


def no_second_factor(statement: Statement) -> None:
    """A trust that asks for none."""
    if statement.get("Sid") == "SecondFactor":
        statement.pop("Condition")


def old_second_factor(statement: Statement) -> None:
    """A second factor of any age."""
    if statement.get("Sid") == "SecondFactor":
        statement["Condition"].pop("NumericLessThanEquals")


def any_region(statement: Statement) -> None:
    """A device wherever the request goes."""
    if statement.get("Sid", "").startswith("Submit"):
        statement.pop("Condition")
        statement["Resource"][1] = "arn:aws:braket:*:410000000101:quantum-task/*"


def shared_results(statement: Statement) -> None:
    """Results of everybody in one place."""
    if statement.get("Sid") == "StoreResults":
        statement["Resource"] = ["arn:aws:s3:::amazon-braket-*/*"]


def open_trail(statement: Statement) -> None:
    """An administrator who may stop the trail."""
    if statement.get("Sid") == "DenyTrail":
        statement["Resource"] = ["arn:aws:cloudtrail:*:*:trail/other"]


def other_devices(statement: Statement) -> None:
    """An organization that denies no device."""
    if statement.get("Sid") == "DenyOtherDevices":
        statement["NotResource"] = ["*"]


MISTAKES: Mapping[Callable[[Statement], None], str] = {
    wildcard_device: "submits to qpu/iqm/Garnet-2",
    published_arn: "group:staff at aurora/lab submits to garnet",
    missing_account: "group:staff at aurora/lab submits to garnet",
    tag_as_gate: "submits to qpu/iqm/Garnet-2",
    no_deny_of_limits: "admin does braket:UpdateSpendingLimit",
    like_subject: "a token of another branch",
    no_second_factor: "with no second factor",
    old_second_factor: "with a second factor of last week",
    any_region: "in eu-west-3",
    shared_results: "stores results of somebody else",
    open_trail: "admin does cloudtrail:StopLogging",
    other_devices: "admin submits to spare",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_a_planted_mistake_is_found(mistake: Callable[[Statement], None]) -> None:
    model = small()
    files = dict(TARGET.emit(model))
    before = dict(files)
    for path, content in files.items():
        if path.endswith(".json"):
            document = json.loads(content)
            for statement in document["Statement"]:
                mistake(statement)
            files[path] = json.dumps(document).encode()
    assert files != before
    wrong = [a.question.name for a in asked(model, files) if not a.passed]
    assert any(MISTAKES[mistake] in name for name in wrong), wrong


def test_what_is_printed_is_the_matrix_or_what_is_wrong() -> None:
    folder = need_evaluator()
    document = prove_native(small(), "aws", folder)
    assert document["schema"] == "qgov/native/v1"
    assert document["summary"]["failed"] == 0
    text = as_native_text(document)
    assert text.startswith(f"PASSED: {len(document['questions'])} questions\n")
    assert "   ·   ●   ·  group:staff at aurora/lab\n" in text
    assert "2 others may submit to none" not in text

    broken = [{**q, "result": "failed"} for q in document["questions"][:1]]
    wrong = as_native_text({**document, "questions": broken})
    assert wrong.startswith("FAILED: 1 of 1 question\n")
    assert "deny, not deny: " in wrong


def test_without_the_evaluator_the_command_says_what_is_missing(tmp_path: Path) -> None:
    assert installed(str(tmp_path)) is None
