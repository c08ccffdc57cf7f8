"""A group that is retired stays where it is, and Terraform lets go of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import targets
from qgov.targets.hcl import Block, Ref, parse, render
from qgov.targets.kept import GUARD, kept
from qgov.targets.retired import removed, retired, retired_addresses
from tests.targets.directories import PRODUCTS
from tests.targets.worked import organization, repository, role, tenant
from tests.terraform.harness import clean_env, need_terraform, terraform

GROUPS = {"entra": "azuread_group", "keycloak": "keycloak_group", "okta": "okta_group"}


def company(product: str, *names: str, **groups: dict[str, Any]) -> AccessModel:
    """A company of one directory, in which some names are retired."""
    return repository(
        organization(
            identityProviders={product: {**PRODUCTS[product], "retired": list(names)}},
            groups=groups,
        ),
        role("researcher", "job:submit"),
        tenant("aurora", identityProvider=product),
    )


def blocks(product: str, model: AccessModel) -> list[Block]:
    """All that a directory's target writes."""
    files = targets()[product].emit(model)
    return [each for path, text in files.items() if path.endswith(".tf") for each in parse(text)]


def of(found: list[Block], type_: str) -> dict[str, Any]:
    """`removed` or `moved` blocks: from → where to, or how."""
    return {
        str(b.attributes["from"]): str(b.attributes.get("to")) or b.blocks[0].attributes
        for b in found
        if b.type == type_
    }


@pytest.mark.parametrize("product", GROUPS)
def test_a_retired_group_is_let_go_where_it_was(product: str) -> None:
    found = blocks(product, company(product, "night", "dusk", "night"))
    gone = {str(b.attributes["from"]): b.blocks[0].attributes for b in found if b.type == "removed"}
    kind = GROUPS[product]
    assert gone == {
        f"{kind}.group_dusk": {"destroy": False},
        f"{kind}.group_night": {"destroy": False},
        "terraform_data.kept_until_retired_groups": {"destroy": False},
    }
    assert of(found, "moved") == {
        f'terraform_data.kept_groups["{name}"]': f'terraform_data.kept_until_retired_groups["{name}"]'
        for name in ("dusk", "night")
    }
    assert not any("night" in label for b in found if b.type == "resource" for label in b.labels)


@pytest.mark.parametrize("product", GROUPS)
def test_a_retired_name_that_is_declared_stays_declared(product: str) -> None:
    model = company(product, "night", "crew", night={}, staff={"previously": "crew"})
    found = blocks(product, model)
    assert not [b for b in found if b.type == "removed"]
    assert 'terraform_data.kept_groups["crew"]' in of(found, "moved")
    assert (GROUPS[product], "group_night") in {b.labels for b in found}


def test_nothing_retired_is_nothing_written() -> None:
    assert retired("groups", {}) == []
    assert removed([]) == []


def test_only_what_is_kept_and_gone_may_be_retired() -> None:
    names = ["aws_s3_bucket.old", "aws_iam_role.reader", "aws_s3_bucket.results"]
    assert retired_addresses(names, {"aws_s3_bucket"}, {"aws_s3_bucket.results"}) == {
        "aws_s3_bucket.old": "aws_s3_bucket.old"
    }


@pytest.mark.real
def test_terraform_lets_go_and_destroys_nothing(tmp_path: Path) -> None:
    need_terraform()
    main, env = tmp_path / "main.tf", clean_env()
    stays = Block("lifecycle", (), {"prevent_destroy": True})

    def group(name: str) -> Block:
        return Block("resource", ("terraform_data", f"group_{name}"), {"input": name}, (stays,))

    names = {name: f"terraform_data.group_{name}" for name in ("day", "night")}
    main.write_bytes(render([group("day"), group("night"), kept("groups", names)]))
    assert terraform(tmp_path, env, "init", "-input=false").returncode == 0
    applied = terraform(tmp_path, env, "apply", "-auto-approve", "-input=false")
    assert applied.returncode == 0, applied.stderr

    guard = kept("groups", {"day": names["day"]})
    main.write_bytes(render([group("day"), guard]))
    assert terraform(tmp_path, env, "plan", "-input=false").returncode == 1
    gone = {"night": names["night"]}
    main.write_bytes(render([group("day"), guard, *retired("groups", gone)]))
    planned = terraform(tmp_path, env, "plan", "-input=false", "-no-color")
    assert "0 to add, 0 to change, 0 to destroy" in planned.stdout, planned.stdout + planned.stderr
    assert "terraform_data.group_night will no longer be managed" in planned.stdout
    applied = terraform(tmp_path, env, "apply", "-auto-approve", "-input=false")
    assert applied.returncode == 0, applied.stderr
    assert terraform(tmp_path, env, "state", "list").stdout.split() == [
        "terraform_data.group_day",
        'terraform_data.kept_groups["day"]',
    ]
    # The line may stay, and may go.
    for more in (retired("groups", gone), []):
        main.write_bytes(render([group("day"), guard, *more]))
        again = terraform(tmp_path, env, "plan", "-input=false", "-detailed-exitcode")
        assert again.returncode == 0, again.stdout + again.stderr


def test_the_guard_that_is_let_go_is_told_as_one() -> None:
    (guard,) = [b for b in retired("groups", {"night": "a_b.c"}) if b.type == "moved"]
    assert guard.attributes["from"] == Ref(f"{GUARD}groups", "night")
    assert str(guard.attributes["to"]).startswith(GUARD)  # drift looks past it
