"""Compile many groups of one directory, side by side for each product.

    python benchmarks/directories.py                    # 1,000 and 20,000 groups
    python benchmarks/directories.py --groups 500 --repeat 1

Each figure is a whole process: the configuration is read, linked and emitted. Ratios are to
Keycloak with as many groups; `per group` is without what 1 group costs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from measuring import ROOT, Run, once

PROVIDERS: Final = {
    "keycloak": "{type: keycloak, issuer: https://id.bench.example/realms/quantum}",
    "entra": "{type: entra, issuer: https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/,"
    ' audience: "api://bench-quantum", tokens: {person: oid}}',
    "okta": "{type: okta, issuer: https://bench.okta.example/oauth2/default, tokens: {person: uid}}",
    "generic": "{type: generic, issuer: https://idp.bench.example}",
}
NAMED: Final = {
    "keycloak": "",
    "entra": ", directoryName: SG-Quantum {n}, directoryId: 6f1c0a52-0f6e-4c37-9f0b-{n:012x}",
    "okta": ", directoryName: SG-Quantum {n}",
    "generic": ", directoryName: SG-Quantum {n}",
}
"""What a group says of itself in its directory."""

HEAD: Final = """\
apiVersion: qgov/v1
kind: Organization
metadata: {name: bench}
spec:
  currency: EUR
  floors: {mfa: true, maxTokenAge: 12h}
  identityProviders: {people: PROVIDER}
  groups:
"""
ROLE: Final = """\
apiVersion: qgov/v1
kind: Role
metadata: {name: reader}
spec: {permissions: [job:read, usage:read]}
"""
TENANT: Final = """\
apiVersion: qgov/v1
kind: Tenant
metadata: {name: bench}
spec:
  owner: {group: group-00000, contact: owner@bench.example}
  isolation: shared
  identityProvider: people
  residency: [eu]
  environments: {sandbox: {tier: sandbox, projects: [chemistry]}}
  bindings:
"""


def generate(folder: Path, product: str, groups: int) -> None:
    """Write a repository with so many groups, each of which is bound to one role."""
    (folder / "roles").mkdir(parents=True)
    (folder / "tenants" / "bench").mkdir(parents=True)
    declared = "".join(
        f"    group-{n:05}: {{identityProvider: people{NAMED[product].format(n=n)}}}\n"
        for n in range(groups)
    )
    bound = "".join(
        f"    - {{group: group-{n:05}, role: reader, on: sandbox}}\n" for n in range(groups)
    )
    organization = HEAD.replace("PROVIDER", PROVIDERS[product]) + declared
    (folder / "qgov.yaml").write_text(organization)
    (folder / "roles" / "reader.yaml").write_text(ROLE)
    (folder / "tenants" / "bench" / "tenant.yaml").write_text(TENANT + bound)


PROGRAM: Final = """
import sys
from pathlib import Path
from qgov.language.documents import read_documents
from qgov.model.link import link
from qgov.targets import emit
root = Path(sys.argv[1])
files = {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.yaml"))}
documents, unreadable = read_documents(files)
model, unresolved = link(documents)
assert model is not None, [*unreadable, *unresolved][:3]
assert len(model.groups) == int(sys.argv[3]), len(model.groups)
written, findings = emit(model, [sys.argv[2], "idp", "opa", "scim"])
assert written, findings[:3]
"""


def measured(product: str, groups: int, repeat: int) -> Run:
    """The best of several compilations."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "repository")
        generate(root, product, groups)
        runs = [once(["-c", PROGRAM, root, product, groups], ROOT) for _ in range(repeat)]
    return Run(*map(min, zip(*runs, strict=True)))


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    write = sys.stdout.write
    write(
        "| directory | groups | CPU s | × Keycloak | MiB | × Keycloak | ms a group | KiB a group |\n"
    )
    write("|---|--:|--:|--:|--:|--:|--:|--:|\n")
    for count in asked.groups:
        first: Run | None = None
        for product in PROVIDERS:
            bare, run = measured(product, 1, asked.repeat), measured(product, count, asked.repeat)
            first = first or run
            cells = (
                product,
                f"{count:,}",
                f"{run.cpu:.2f}",
                f"{run.cpu / first.cpu:.2f}",
                f"{run.memory:.0f}",
                f"{run.memory / first.memory:.2f}",
                f"{(run.cpu - bare.cpu) * 1000 / count:.2f}",
                f"{(run.memory - bare.memory) * 1024 / count:.1f}",
            )
            write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
