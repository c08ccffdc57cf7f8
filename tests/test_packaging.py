"""What is installed is what pyproject.toml asks for, by hash and from nowhere in particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.build import build_wheel
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(?P<version>[^ ]+)(?: ; [^\\]+)? \\$", re.MULTILINE
)

LOCKED = {
    "run.txt": [*PROJECT["project"]["dependencies"], *GROUPS["build"]],
    "dev.txt": [
        *PROJECT["project"]["dependencies"],
        *GROUPS["build"],
        *(requirement for requirement in GROUPS["dev"] if isinstance(requirement, str)),
        *EXTRAS["engines"],
        *EXTRAS["evidence"],
        *EXTRAS["conform"],
    ],
    "lock.txt": GROUPS["lock"],
}


def pins(name: str) -> dict[str, str]:
    """The packages of one lock and their versions."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {match["name"]: match["version"] for match in PIN.finditer(text)}


@pytest.mark.parametrize("name", LOCKED)
def test_each_lock_satisfies_what_the_project_asks_for(name: str) -> None:
    locked = pins(name)
    unmet = [
        text
        for text in LOCKED[name]
        for requirement in [Requirement(text)]
        if not requirement.specifier.contains(
            locked.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]

    assert unmet == [], "run `make lock`"


@pytest.mark.parametrize("name", LOCKED)
def test_each_line_of_a_lock_is_a_pin_or_a_hash(name: str) -> None:
    line = re.compile(
        r"# [^/:]*:?|#    make lock"
        r"|[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^/:@ ]+( ; [^/:@]+)? \\"
        r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()

    assert [text for text in lines if not line.fullmatch(text)] == []


def test_the_two_environments_agree() -> None:
    run, dev = pins("run.txt"), pins("dev.txt")

    assert run.items() <= dev.items()


def test_the_build_backend_is_locked_as_it_is_declared() -> None:
    assert GROUPS["build"] == PROJECT["build-system"]["requires"]


def test_the_first_command_installs_no_circuits_and_no_engines() -> None:
    heavy = [Requirement(text).name for extra in EXTRAS.values() for text in extra]

    assert pins("run.txt").keys().isdisjoint(map(canonicalize_name, heavy))


def test_the_wheel_carries_the_examples_of_the_rules() -> None:
    packed = {f.distribution_path for f in WheelBuilder(str(ROOT)).recurse_included_files()}
    examples = (ROOT / "qgov" / "checks" / "examples").glob("*.yaml")

    assert {str(path.relative_to(ROOT)) for path in examples} <= packed


def test_a_wheel_carries_its_license(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        said = wheel.read(metadata).decode()
        license_ = wheel.read(metadata.replace("METADATA", "licenses/LICENSE"))

    assert "\nLicense-Expression: Apache-2.0\nLicense-File: LICENSE\n" in said
    assert license_ == (ROOT / "LICENSE").read_bytes()
    assert b"Apache License\n                           Version 2.0, January 2004" in license_
