"""The forms that the peers get a generated company in: each the one natural to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from commands import TENANT
from measuring import ROOT, commit, edit, timed

FORMS = ROOT / "benchmarks" / "forms"


@dataclass(frozen=True)
class Tools:
    """Where `.ci/install-peers` put the programs, and a folder for what they need besides."""

    folder: Path
    scratch: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {"PYTHONPATH": str(ROOT), "CHECKPOINT_DISABLE": "1"}
    )

    def path(self, program: str) -> str | None:
        """A program: of the peers, beside this Python, or of the machine."""
        places = [self.folder / "bin", self.folder / "python" / "bin", Path(sys.executable).parent]
        return shutil.which(program, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))

    def said(self, *command: object) -> str:
        """What a program prints."""
        done = subprocess.run(
            [*map(str, command)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **self.environment},
        )
        return done.stdout

    def python(self) -> Path:
        """The Python that octoDNS and KCL are installed for."""
        return self.folder / "python" / "bin" / "python"


class Yaml12(yaml.CSafeLoader):
    """PyYAML, which takes the key `on` for a boolean if it is let."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, form) for tag, form in resolvers if first in "tTfF" or "bool" not in tag]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def documents(company: Path) -> list[dict[str, Any]]:
    """The documents of a company, as JSON has them."""
    paths = sorted(company.rglob("*.yaml"))
    read = [yaml.load(path.read_bytes(), Yaml12) for path in paths]  # noqa: S506 -- a safe loader
    found: list[dict[str, Any]] = json.loads(json.dumps(read, default=str))
    return found


def of_kind(found: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The documents of a kind by name."""
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


def as_it_is(company: Path, form: Path, _: Tools) -> None:
    """The YAML."""
    shutil.copytree(company, form)


def as_a_repository(company: Path, form: Path, _: Tools) -> None:
    """The YAML, committed, and then one file changed."""
    shutil.copytree(company, form)
    commit(form)
    path, old, new = TENANT
    edit(form / path, old, new)


def for_opa(company: Path, form: Path, _: Tools) -> None:
    """The documents in one list, because `opa eval` reads one input."""
    form.mkdir(parents=True)
    (form / "input.json").write_text(json.dumps(documents(company), indent=2))


def for_jsonnet(company: Path, form: Path, _: Tools) -> None:
    """A library that checks, a file for each tenant, and one that brings them together."""
    form.mkdir(parents=True)
    found = documents(company)
    kinds = {kind: of_kind(found, kind) for kind in ("Tenant", "Budget", "AccessReview", "Role")}
    (organization,) = of_kind(found, "Organization").values()
    roles = {name: role["spec"] for name, role in kinds["Role"].items()}
    shutil.copy(FORMS / "company.libsonnet", form)
    (form / "organization.json").write_text(json.dumps(organization["spec"], indent=2))
    (form / "roles.json").write_text(json.dumps(roles, indent=2))
    (form / "names.json").write_text(json.dumps(dict.fromkeys(kinds["Tenant"], True)))
    for name, tenant in kinds["Tenant"].items():
        parts = {"tenant": tenant, "budget": kinds["Budget"][name]}
        parts["review"] = kinds["AccessReview"][name]
        lines = [f"  {part}: q.{part}({json.dumps(of, indent=2)})," for part, of in parts.items()]
        text = "\n".join(["local q = import 'company.libsonnet';", "{", *lines, "}", ""])
        (form / f"{name}.libsonnet").write_text(text)
    imports = [f"  '{name}': import '{name}.libsonnet'," for name in kinds["Tenant"]]
    (form / "company.jsonnet").write_text("\n".join(["{", *imports, "}", ""]))


def for_kcl(company: Path, form: Path, _: Tools) -> None:
    """The schemas, and a file of instances for each tenant, in one package."""
    form.mkdir(parents=True)
    found = documents(company)
    kinds = {kind: of_kind(found, kind) for kind in ("Tenant", "Budget", "AccessReview", "Role")}
    (organization,) = of_kind(found, "Organization").values()
    roles = {name: role["spec"] for name, role in kinds["Role"].items()}
    shutil.copy(FORMS / "schema.k", form)
    values = {"ORGANIZATION": organization["spec"], "ROLES": roles}
    values["TENANTS"] = dict.fromkeys(kinds["Tenant"], 1)
    text = "".join(f"{name} = {as_kcl(value)}\n" for name, value in values.items())
    (form / "organization.k").write_text(text)
    for name in kinds["Tenant"]:
        instances = [
            f"{kind}_{name.replace('-', '_')} = {kind} {as_kcl(kinds[kind][name])}\n"
            for kind in ("Tenant", "Budget", "AccessReview")
        ]
        (form / f"{name}.k").write_text("\n".join(instances))


def as_kcl(value: object) -> str:
    """A value as KCL writes it: JSON, with Python's names for its constants."""
    text = json.dumps(value, indent=4)
    return re.sub(r"(?<=: )(true|false)\b", lambda found: found.group().title(), text)


ZONE = """\
---
budget:
  type: CNAME
  value: tenant.{zone}
review:
  type: TXT
  value: reviewed by reviewer@bench.example
tenant:
  type: A
  value: 192.0.2.{host}
"""


def for_octodns(company: Path, form: Path, _: Tools) -> None:
    """A zone for each tenant, with a record for each of its documents."""
    (form / "config").mkdir(parents=True)
    (form / "live").mkdir()
    zones = []
    for number, tenant in enumerate(sorted((company / "tenants").iterdir())):
        zone = f"{tenant.name}.bench.example."
        text = ZONE.format(zone=zone, host=1 + number % 250)
        (form / "config" / f"{zone}yaml").write_text(text)
        zones.append(zone)
    provider = "octodns.provider.yaml.YamlProvider"
    config = {
        "providers": {
            "config": {"class": provider, "directory": "config", "enforce_order": True},
            "live": {"class": provider, "directory": "live"},
        },
        "zones": {zone: {"sources": ["config"], "targets": ["live"]} for zone in zones},
    }
    (form / "octodns.yaml").write_text(json.dumps(config, indent=2))


MOCKED = """\
mock_provider "keycloak" {}

variables {
  keycloak_url = "https://id.bench.example"
  jwks_urls    = { "https://token.actions.githubusercontent.com" = "https://keys.bench.example" }
}

run "plan" {
  command = plan
}
"""


def for_terraform(company: Path, form: Path, tools: Tools) -> None:
    """The module that qgov emits for the directory, of the whole company, initialised with a stub
    that serves the true schema of the provider."""
    from tests.terraform.harness import SCHEMAS, mirror

    out = form.parent / f"{form.name}-artifacts"
    compiling = [sys.executable, "-m", "qgov", "compile", "--target", "idp", "--target", "keycloak"]
    timed([*compiling, "--root", company, "--out", out], ROOT, tools.environment)
    shutil.move(out / "terraform" / "identity" / "workforce", form)
    shutil.rmtree(out)
    (form / "mocked.tftest.hcl").write_text(MOCKED)
    if "TF_CLI_CONFIG_FILE" not in tools.environment:
        (tools.scratch / "providers").mkdir()
        environment = mirror(tools.scratch / "providers", {"keycloak": SCHEMAS / "keycloak.json"})
        tools.environment.update(
            {name: value for name, value in environment.items() if name.startswith("TF_")}
        )
    command = [tools.path("terraform"), "init", "-backend=false", "-input=false", "-no-color"]
    timed(command, form, tools.environment)
