"""Terraform checks configurations against the true schema that the stub provider serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terraform.harness import (
    SCHEMAS,
    Env,
    errors,
    fmt_check,
    init,
    mirror,
    need_terraform,
    terraform,
    validate,
)

HEAD = """\
terraform {
  required_providers {
    keycloak = {
      source  = "keycloak/keycloak"
      version = "~> 5.9"
    }
  }
}

provider "keycloak" {
  url = "https://keycloak.example"
}

resource "keycloak_realm" "bank" {
  realm = "bank"

  internationalization {
    supported_locales = ["en", "de"]
    default_locale    = "en"
  }
}
"""

GOOD = """
resource "keycloak_group" "traders" {
  realm_id = keycloak_realm.bank.id
  name     = "traders"
  attributes = {
    owner = "desk"
    tier  = "1"
  }
}

resource "keycloak_role" "trade" {
  realm_id = keycloak_realm.bank.id
  name     = "trade"
}

resource "keycloak_group_roles" "traders" {
  realm_id = keycloak_realm.bank.id
  group_id = keycloak_group.traders.id
  role_ids = [keycloak_role.trade.id]
}

resource "keycloak_openid_client" "desk" {
  realm_id              = keycloak_realm.bank.id
  client_id             = "desk"
  access_type           = "CONFIDENTIAL"
  standard_flow_enabled = true
  valid_redirect_uris   = ["https://desk.example/callback"]
}

resource "keycloak_openid_group_membership_protocol_mapper" "groups" {
  realm_id   = keycloak_realm.bank.id
  client_id  = keycloak_openid_client.desk.id
  name       = "groups"
  claim_name = "groups"
}

resource "keycloak_authentication_flow" "browser" {
  realm_id = keycloak_realm.bank.id
  alias    = "browser-otp"
}

resource "keycloak_authentication_execution" "otp" {
  realm_id          = keycloak_realm.bank.id
  parent_flow_alias = keycloak_authentication_flow.browser.alias
  authenticator     = "auth-otp-form"
  requirement       = "REQUIRED"
}
"""

# Setting a computed attribute is for the provider's own validators to reject.
BEYOND_TERRAFORM = """
resource "keycloak_group" "x" {
  realm_id = keycloak_realm.bank.id
  name     = "x"
  path     = "/x"
}
"""

MOCKED = """\
mock_provider "keycloak" {}

run "apply" {
  assert {
    condition     = keycloak_group_roles.traders.group_id == keycloak_group.traders.id
    error_message = "the roles are not those of the group"
  }
}

run "again" {
  command = plan
}
"""

pytestmark = pytest.mark.real

Workspace = tuple[Path, Env]
Check = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a folder where `terraform init` has run, and the environment for it."""
    need_terraform()
    env = mirror(tmp_path_factory.mktemp("providers"), {"keycloak": SCHEMAS / "keycloak.json"})
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "main.tf").write_text(HEAD, encoding="utf-8")
    init(folder, env)
    return folder, env


@pytest.fixture
def check(workspace: Workspace) -> Check:
    """Return a function that validates HEAD with more configuration and gives the errors."""
    folder, env = workspace

    def run(more: str) -> list[str]:
        (folder / "main.tf").write_text(HEAD + more, encoding="utf-8")
        return errors(validate(folder, env))

    return run


def test_good_configuration_is_accepted(check: Check) -> None:
    assert check(GOOD) == []


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ('resource "keycloak_nothing" "x" {}', "Invalid resource type"),
        (
            'resource "keycloak_role" "x" {\n realm_id = "r"\n name = "n"\n colour = "red"\n}',
            "Unsupported argument",
        ),
        ('resource "keycloak_role" "x" {\n realm_id = "r"\n}', "Missing required argument"),
        (
            'resource "keycloak_role" "x" {\n realm_id = "r"\n name = ["n"]\n}',
            "Incorrect attribute value type",
        ),
        (
            'resource "keycloak_role" "x" {\n realm_id = "r"\n name = "n"\n path = "/n"\n}',
            "Unsupported argument",
        ),
        (
            'resource "keycloak_group" "x" {\n realm_id = "r"\n name = "n"\n attributes {}\n}',
            "Unsupported block type",
        ),
        (
            'resource "keycloak_realm" "x" {\n realm = "r"\n otp_policy {}\n otp_policy {}\n}',
            "Too many otp_policy blocks",
        ),
        (
            'resource "keycloak_realm" "x" {\n realm = "r"\n internationalization {}\n}',
            "Missing required argument",
        ),
        (
            'resource "keycloak_role" "x" {\n realm_id = keycloak_realm.bank.idd\n name = "n"\n}',
            "Unsupported attribute",
        ),
    ],
    ids=[
        "unknown type",
        "unknown argument",
        "missing argument",
        "wrong type",
        "argument of another type",
        "wrong block",
        "too many blocks",
        "missing argument in a block",
        "unknown attribute in a reference",
    ],
)
def test_wrong_configuration_is_rejected(check: Check, resource: str, error: str) -> None:
    found = check(f"{resource}\n")
    assert found
    assert all(each.startswith(error) for each in found), found


def test_what_only_a_provider_checks_is_not_noticed(check: Check) -> None:
    assert check(BEYOND_TERRAFORM) == []


def test_mocked_apply(workspace: Workspace, check: Check) -> None:
    folder, env = workspace
    assert check(GOOD) == []
    mocked = folder / "mocked.tftest.hcl"
    mocked.write_text(MOCKED, encoding="utf-8")
    done = terraform(folder, env, "test", "-no-color")
    mocked.unlink()
    assert "2 passed, 0 failed" in done.stdout, done.stdout + done.stderr


def test_fmt_check(tmp_path: Path) -> None:
    need_terraform()
    main = tmp_path / "main.tf"
    main.write_text(HEAD + GOOD, encoding="utf-8")
    assert fmt_check(tmp_path) == ""
    main.write_text(HEAD.replace("source  =", "source ="), encoding="utf-8")
    assert '+      source  = "keycloak/keycloak"' in fmt_check(tmp_path)
    main.write_text("resource {", encoding="utf-8")
    assert "Error" in fmt_check(tmp_path)
