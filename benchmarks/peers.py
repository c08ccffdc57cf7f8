"""Measure qgov side by side with what others check a configuration with, in one run.

    .ci/install-peers && python benchmarks/peers.py           # a company of 1,000 documents
    python benchmarks/peers.py --tenants 20 --repeat 1 --only opa kcl

Each peer gets the same generated company in its own natural form (`peer_forms.py`, `forms/`), and
besides three faults, one by one: a value of the wrong type, a name that is not defined, two roles
that must not meet. What it refuses is what the table says that it checks. What is not installed
is said and skipped; OPA and Terraform have scripts of their own in `.ci/`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import peer_forms as forms
from generate import generate
from measuring import NOW, ROOT, Run, edit, heads, timed
from peer_forms import Tools

TENANT = "tenants/tenant-00002/tenant.yaml"
IN_YAML = {
    "types": (TENANT, "projects: [chemistry]", "projects: chemistry"),
    "references": (TENANT, "role: researcher", "role: researchers"),
    "separation of duties": (
        TENANT,
        "  bindings:\n",
        "  bindings:\n    - {group: tenant-00002-developers, role: auditor, on: sandbox}\n",
    ),
}
FAULTS = tuple(IN_YAML)
"""What is wrong in a faulty company, by what it takes to see it: a file, a text in it, another."""

COLUMNS = (
    *("what", "version", *FAULTS, "decides", "plans", "time", "CPU"),
    *("× `qgov validate`", "by CPU", "× `qgov compile`", "by CPU"),
)

Edit = tuple[str, str, str]
Command = Callable[[Tools, Path], Sequence[object]]
"""What to run in the folder of a form."""


@dataclass(frozen=True)
class Peer:
    """A peer: the first of its steps is its check. A fault is planted in the company, or in the
    peer's form where it is not made from the documents; what a form cannot say is in neither."""

    name: str
    needs: str
    lay: Callable[[Path, Path, Tools], None]
    steps: Mapping[str, Command]
    version: Sequence[str]
    refusal: str
    """What its output matches when it refuses, and not when it breaks."""
    decides: str = "—"
    plans: Mapping[str, str] = field(default_factory=dict)
    in_company: Mapping[str, Edit] = field(default_factory=lambda: IN_YAML)
    in_form: Mapping[str, Edit] = field(default_factory=dict)


def qgov(*command: str) -> Command:
    """A command of qgov on the form."""
    return lambda _, form: [sys.executable, "-m", "qgov", *command, "--root", form]


def program(name: str, *arguments: str) -> Command:
    """A program of a peer."""
    return lambda tools, _: [tools.path(name), *arguments]


KCL = """
import sys
from pathlib import Path
import kcl_lib.api as api
files = sorted(map(str, Path().glob("*.k")))
found = api.API().exec_program(api.ExecProgramArgs(k_filename_list=files))
sys.exit(found.err_message or 0)
"""

QGOV = Peer(
    name="qgov",
    needs=sys.executable,
    lay=forms.as_a_repository,
    steps={
        "`qgov validate`": qgov("validate"),
        "`qgov compile`, all targets": lambda tools, form: [
            *qgov("compile")(tools, form),
            *("--out", form.parent / "out"),
        ],
        "`qgov plan` of one changed file": qgov("plan"),
    },
    version=("-m", "qgov", "--version"),
    refusal=r"error QG\d+",
    decides="by tenants, roles, budgets, devices",
    plans={"`qgov plan` of one changed file": "access, cost, records, artifacts"},
)

PEERS = (
    Peer(
        name="conftest",
        needs="conftest",
        lay=forms.as_it_is,
        steps={
            "`conftest test --combine`": lambda tools, _: [
                *(tools.path("conftest"), "test", "--combine", "--no-color", "--parser", "yaml"),
                *("--policy", forms.FORMS, "."),
            ]
        },
        version=("--version",),
        refusal=r"FAIL - .*tenant-00002",
    ),
    Peer(
        name="opa",
        needs="opa",
        lay=forms.for_opa,
        steps={
            "`opa eval --fail-defined`": lambda tools, _: [
                *(tools.path("opa"), "eval", "--fail-defined", "--data", forms.FORMS),
                *("--input", "input.json", "data.main.deny[_]"),
            ]
        },
        version=("version",),
        refusal=r'"value": "tenant-00002',
        decides="by what Rego one writes",
    ),
    Peer(
        name="jsonnet",
        needs="jsonnet",
        lay=forms.for_jsonnet,
        steps={"`jsonnet`": program("jsonnet", "company.jsonnet")},
        version=("--version",),
        refusal=r"RUNTIME ERROR: (malformed|tenant-00002|no role|production: malformed|.*: malformed)",
    ),
    Peer(
        name="kcl",
        needs="octodns-validate",
        lay=forms.for_kcl,
        steps={"KCL, `exec_program`": lambda tools, _: [tools.python(), "-c", KCL]},
        version=("-c", "from importlib.metadata import version as v; print(v('kcl-lib'))"),
        refusal=r"tenant-00002\.k|Check failed on the condition: (no role|conflicting)",
    ),
    Peer(
        name="octodns",
        needs="octodns-validate",
        lay=forms.for_octodns,
        steps={
            "`octodns-validate`": program("octodns-validate", "--config-file", "octodns.yaml"),
            "`octodns-sync`, without `--doit`": program(
                "octodns-sync", "--config-file", "octodns.yaml"
            ),
        },
        version=("-c", "import octodns; print(octodns.__version__)"),
        refusal=r"tenant-00002",
        plans={"`octodns-sync`, without `--doit`": "records"},
        in_company={},
        in_form={
            "types": ("config/tenant-00002.bench.example.yaml", "value: 192.0.2.", "value: 192."),
            "references": (
                "config/tenant-00002.bench.example.yaml",
                "value: tenant.",
                "value: nobody.",
            ),
        },
    ),
    Peer(
        name="terraform",
        needs="terraform",
        lay=forms.for_terraform,
        steps={
            "`terraform validate` of the directory's module": program(
                "terraform", "validate", "-no-color"
            ),
            "`terraform test` of it: a plan, mocked": program("terraform", "test", "-no-color"),
        },
        version=("version",),
        refusal=r"Error: (Incorrect attribute value type|Reference to undeclared resource)",
        plans={"`terraform test` of it: a plan, mocked": "resources"},
        in_company={},
        in_form={
            "types": ("groups.tf", "  role_ids   = []", "  role_ids   = 7"),
            "references": ("groups.tf", "group_platform-admins.id", "group_platform-admin.id"),
        },
    ),
)


def noticed(peer: Peer, tools: Tools, company: Path, folder: Path) -> dict[str, str]:
    """Fault → whether the peer's check refuses the company with it. Raises RuntimeError when it
    ends with an error that does not say so."""
    found = {}
    for number, fault in enumerate(FAULTS):
        if fault not in peer.in_company and fault not in peer.in_form:
            found[fault] = "—"
            continue
        faulty, form = folder / f"faulty-{number}", folder / f"faulty-{number}-form"
        forms.as_it_is(company, faulty, tools)
        if fault in peer.in_company:
            path, old, new = peer.in_company[fault]
            edit(faulty / path, old, new)
        peer.lay(faulty, form, tools)
        if fault in peer.in_form:
            path, old, new = peer.in_form[fault]
            edit(form / path, old, new)
        check = next(iter(peer.steps.values()))
        found[fault] = "yes" if refused(peer, check(tools, form), tools, form) else "no"
    return found


def refused(peer: Peer, command: Sequence[object], tools: Tools, form: Path) -> bool:
    """Whether a check ends with an error that is about the company."""
    done = subprocess.run(
        [*map(str, command)],
        cwd=form,
        env={**os.environ, **NOW, **tools.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode and not re.search(peer.refusal, done.stdout):
        raise RuntimeError(f"{peer.name} exited {done.returncode}: {done.stdout[-2000:]}")
    return bool(done.returncode)


def version(peer: Peer, tools: Tools) -> str:
    """The version of a peer, as it was installed, or as its program, or the Python that it is
    for, says."""
    installed = tools.folder / "bin" / f".{peer.needs}"
    if installed.exists():  # conftest does not know its own, unless a release built it
        return installed.read_text().strip()
    python = tools.python() if peer.needs == "octodns-validate" else tools.path(peer.needs)
    found = re.search(r"\d+\.\d+\.\d+", tools.said(python, *peer.version))
    return found.group() if found else "?"


def show(
    peer: Peer, tools: Tools, company: Path, folder: Path, repeat: int, against: list[Run]
) -> None:
    """Print a peer's lines; qgov's first two become what the others are compared with."""
    form = folder / "form"
    peer.lay(company, form, tools)
    seen = noticed(peer, tools, company, folder)
    for name, command in peer.steps.items():
        runs = [timed(command(tools, form), form, tools.environment) for _ in range(repeat)]
        run = Run(*map(min, zip(*runs, strict=True)))
        if peer is QGOV:
            against.append(run)
        checks = seen if command is next(iter(peer.steps.values())) else dict.fromkeys(FAULTS, "")
        cells = [name, version(peer, tools), *checks.values(), peer.decides]
        cells += [peer.plans.get(name, "—"), f"{run.seconds:.2f} s", f"{run.cpu:.2f} s"]
        for other in against[:2]:
            cells += [f"{run.seconds / other.seconds:.1f}", f"{run.cpu / other.cpu:.1f}"]
        cells += [""] * (len(COLUMNS) - len(cells))
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [peer.name for peer in PEERS]
    parser.add_argument("--tenants", type=int, default=332, help="three documents each")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=ROOT / "build" / "peers", metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PEER")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        documents = generate(scratch / "company", given.tenants)
        print(f"{documents:,} documents, Python {sys.version.split()[0]}\n")
        print(heads(*COLUMNS), flush=True)
        tools, against = Tools(given.peers.absolute(), scratch), list[Run]()
        for peer in (QGOV, *(peer for peer in PEERS if peer.name in given.only)):
            if tools.path(peer.needs) is None:
                print(f"{peer.name} is skipped: {peer.needs} is not installed", file=sys.stderr)
                continue
            folder = scratch / peer.name
            folder.mkdir()
            show(peer, tools, scratch / "company", folder, given.repeat, against)


if __name__ == "__main__":
    main()
