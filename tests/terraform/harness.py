"""Run Terraform offline against stub providers that serve true schemas.

Example:
    env = mirror(tmp_path, {"keycloak": SCHEMAS / "keycloak.json"})
    init(folder, env)
    assert errors(validate(folder, env)) == []
    assert fmt_check(folder) == ""
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).with_name("schemas")
STUB = Path(__file__).with_name("stub_provider.py")

Env = Mapping[str, str]
Diagnostic = dict[str, Any]


def terraform_path() -> str | None:
    """Find terraform on PATH or beside the running Python."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("terraform", path=os.pathsep.join([os.environ.get("PATH", ""), beside]))


def need_terraform() -> None:
    """Skip the test when terraform or grpcio is missing; fail it when QGOV_REQUIRE_REAL=1."""
    missing = [] if terraform_path() else ["terraform (.ci/install-terraform)"]
    missing += [] if importlib.util.find_spec("grpc") else ["grpcio"]
    if missing and os.environ.get("QGOV_REQUIRE_REAL") == "1":
        pytest.fail(f"QGOV_REQUIRE_REAL=1 but missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")


def clean_env(config: str = os.devnull) -> dict[str, str]:
    """Return the environment for Terraform, without the caller's own TF_ settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return kept | {
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": config,
        "TF_DISABLE_PLUGIN_TLS": "1",
        "TF_IN_AUTOMATION": "1",
    }


def terraform(folder: Path, env: Env, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one terraform command in a folder."""
    command = [terraform_path() or "terraform", *arguments]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def mirror(folder: Path, schemas: Mapping[str, Path]) -> dict[str, str]:
    """Lay out a provider mirror in `folder` with one stub per schema file.

    The keys are provider names. The address and the version of a provider are the fields
    `provider` and `version` of its schema file. Returns the environment for Terraform, which
    finds providers in this mirror and nowhere else.
    """
    target = json.loads(terraform(folder, clean_env(), "version", "-json").stdout)["platform"]
    root = folder / "mirror"
    for name, path in schemas.items():
        spec = json.loads(path.read_text(encoding="utf-8"))
        address = spec.get("provider", f"registry.terraform.io/hashicorp/{name}")
        version = spec.get("version", "1.0.0").partition("+")[0]
        binary = root / address / version / target / f"terraform-provider-{name}_v{version}"
        binary.parent.mkdir(parents=True)
        schema = shlex.quote(str(path.resolve()))
        stub = shlex.join([sys.executable, str(STUB)])
        binary.write_text(f"#!/bin/sh\nQGOV_STUB_SCHEMA={schema} exec {stub}\n", encoding="utf-8")
        binary.chmod(0o755)
    config = folder / "terraformrc"
    installation = f"filesystem_mirror {{\n    path = {json.dumps(str(root))}\n  }}"
    config.write_text(f"provider_installation {{\n  {installation}\n}}\n", encoding="utf-8")
    return clean_env(str(config))


def lay_out(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files (path → content) below a folder, and return it."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def planted(module: Path, copy: Path, env: Env, name: str, old: str, new: str) -> list[str]:
    """What Terraform says of a copy of a module, one of whose files (`name`.tf) says something
    `new` in the place of what is there."""
    shutil.copytree(module, copy)
    file = copy / f"{name}.tf"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    init(copy, env)
    return errors(validate(copy, env))


def init(folder: Path, env: Env) -> None:
    """Run `terraform init` without a backend; raise with Terraform's words if it fails."""
    done = terraform(folder, env, "init", "-backend=false", "-input=false", "-no-color")
    if done.returncode:
        raise RuntimeError(f"terraform init failed:\n{done.stdout}{done.stderr}")


def validate(folder: Path, env: Env) -> list[Diagnostic]:
    """Return the diagnostics of `terraform validate -json`, errors and warnings."""
    done = terraform(folder, env, "validate", "-json", "-no-color")
    if not done.stdout:
        raise RuntimeError(f"terraform validate failed:\n{done.stderr}")
    diagnostics: list[Diagnostic] = json.loads(done.stdout)["diagnostics"]
    return diagnostics


def errors(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return the error diagnostics as text, "summary: detail"."""
    return [
        f"{each['summary']}: {each.get('detail', '')}"
        for each in diagnostics
        if each["severity"] == "error"
    ]


def fmt_check(folder: Path) -> str:
    """Return what `terraform fmt` would change or cannot read, or "" if nothing."""
    done = terraform(folder, clean_env(), "fmt", "-check", "-diff", "-recursive", "-no-color")
    return done.stdout + done.stderr if done.returncode else ""
