"""What the root modules of all clouds are made from, and how they become files.

The folder of a cloud has the parts that every other has: `module.py` says what one root module is
made from, a file for each concern makes its blocks, `versions.py` heads them, `unsupported.py`
says what the cloud cannot hold, `controls.py` what it enforces, `parts.py` which fields all comes
from, `read_back.py` whom it lets in, and `__init__.py` ends in `TARGET`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from qgov.finding import Finding
from qgov.language.kinds.tenant import Clouds
from qgov.model.access_model import (
    AccessModel,
    Binding,
    Elevation,
    Environment,
    Tenant,
    Workload,
)
from qgov.model.accesses import backends_of
from qgov.model.principal import is_group, name_of
from qgov.model.renames import Renames
from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.targets.hcl import Block, Ref, Value, outline, render
from qgov.targets.target import Files, Streamed, Target

__all__ = [
    "FOLDER",
    "KEPT",
    "Account",
    "Inside",
    "Laid",
    "both",
    "cloud",
    "comment",
    "files_of",
    "groups_of",
    "head",
    "inside",
    "laid_out",
    "outlined",
    "places",
    "shortened",
    "with_devices",
    "without_unused",
]

FOLDER: Final = "terraform/tenants"
"""Where the root modules of tenants are, each in a folder that is called as the cloud is."""

T = TypeVar("T")

_CLOSING: Final = ("versions", "kept")

KEPT: Final = Block("lifecycle", (), {"prevent_destroy": True})
"""What must not vanish with whatever it holds."""


# ------------------------------------------------------------------------------- from the model


class Inside(NamedTuple):
    """What holds in a tenant: the bindings there and everywhere, its workloads, its elevations."""

    tenant: Tenant
    bindings: tuple[Binding, ...]
    workloads: tuple[Workload, ...]
    elevations: tuple[Elevation, ...]


def inside(model: AccessModel, cloud: str) -> Iterator[Inside]:
    """Each tenant with an account in a cloud (a field of `clouds`), in order, with what holds in
    it."""
    tenants = model.shared(_by_cloud)[cloud]
    if not tenants:
        return
    bindings, workloads, elevations = model.shared(_grouped)
    everywhere = tuple(bindings.get(EVERYWHERE, ()))
    for tenant in tenants:
        name = tenant.name
        yield Inside(
            tenant,
            (*bindings.get(name, ()), *everywhere),
            tuple(workloads.get(name, ())),
            tuple(elevations.get(name, ())),
        )


def _by_cloud(model: AccessModel) -> dict[str, list[Tenant]]:
    """The tenants with an account in each cloud."""
    found: dict[str, list[Tenant]] = {name: [] for name in Clouds.model_fields}
    for _, tenant in sorted(model.tenants.items()):
        for name, account in tenant.spec.clouds:
            if account is not None:
                found[name].append(tenant)
    return found


def _grouped(
    model: AccessModel,
) -> tuple[dict[str, list[Binding]], dict[str, list[Workload]], dict[str, list[Elevation]]]:
    """Tenant (or everywhere) → bindings; tenant → workloads; tenant → elevations."""
    bindings: dict[str, list[Binding]] = {}
    for binding in model.bindings:
        bindings.setdefault(binding.scope.partition("/")[0], []).append(binding)
    workloads: dict[str, list[Workload]] = {}
    for _, workload in sorted(model.workloads.items()):
        workloads.setdefault(workload.tenant, []).append(workload)
    elevations: dict[str, list[Elevation]] = {}
    for elevation in sorted(model.elevations, key=lambda each: each.name):
        elevations.setdefault(tenant_of(elevation.scope), []).append(elevation)
    return bindings, workloads, elevations


@dataclass(frozen=True, eq=False)
class Account:
    """An account of a tenant (of AWS; of Azure a workspace), and what runs in it. It is itself
    alone, so that what is made of it is made once."""

    model: AccessModel
    tenant: Tenant
    own: str
    """The environment whose account it is; empty: of all that have none of their own."""
    at: tuple[str, ...]
    """Where in `clouds` the account is written."""
    environments: tuple[Environment, ...]
    """Those whose jobs run in the account."""
    projects: tuple[frozenset[str], ...]
    """The projects (scopes) with devices, of this account first and then of each other one of
    the tenant."""
    workloads: tuple[Workload, ...]
    renames: Renames

    @property
    def name(self) -> str:
        """`TENANT` or `TENANT-ENVIRONMENT`. Both are labels, so two accounts may share a name."""
        return f"{self.tenant.name}-{self.own}" if self.own else self.tenant.name

    @property
    def scope(self) -> str:
        """What all that is in the account lies in: the tenant, or the environment that has it
        for its own."""
        return f"{self.tenant.name}/{self.own}" if self.own else self.tenant.name


def places(environments: Iterable[Environment]) -> Iterator[tuple[Environment, str]]:
    """The environments with the scope of each of their projects. One without has no jobs."""
    for environment in environments:
        for project in environment.projects:
            yield environment, f"{environment.scope}/{project}"


def with_devices(
    model: AccessModel,
    environments: Iterable[Environment],
    known: Callable[[AccessModel, str], object],
) -> frozenset[str]:
    """The projects whose jobs may use a device that a cloud knows: `known` of a backend."""
    return frozenset(
        at
        for environment, at in places(environments)
        if any(known(model, name) is not None for name in backends_of(model, environment, at))
    )


def groups_of(bindings: Iterable[Binding], *, eligible: bool) -> tuple[str, ...]:
    """The groups that some bindings give something standing, or let be elevated to it."""
    return tuple(
        sorted(
            {
                name_of(binding.principal)
                for binding in bindings
                if is_group(binding.principal) and (binding.eligible is not None) == eligible
            }
        )
    )


# -------------------------------------------------------------------------------- to Terraform


def head(
    versions: Mapping[str, str],
    sources: Mapping[str, str],
    variables: Iterable[tuple[str, str, str]] = (),
) -> Iterator[Block]:
    """Which Terraform and providers (name → version of the schema; name → where it is from), and
    the variables, as (name, type, description): what only who applies the module can know."""
    pins: dict[str, Value] = {}
    for name, version in versions.items():
        major, minor, _patch = version.split(".")
        pins[name] = {"source": sources[name], "version": f"~> {major}.{minor}"}
    providers = Block("required_providers", (), pins)
    yield Block("terraform", (), {"required_version": ">= 1.8"}, (providers,))
    for name, kind, about in variables:
        yield Block("variable", (name,), {"type": Ref(kind), "description": about})


def without_unused(blocks: Iterable[Block]) -> list[Block]:
    """The head of a module that holds nothing: without the variables that no provider asks for."""
    found = list(blocks)
    used = {
        str(value)
        for block in found
        if block.type == "provider"
        for value in block.attributes.values()
    }
    return [b for b in found if b.type != "variable" or f"var.{b.labels[0]}" in used]


def both(kind: str, old: str, new: str) -> tuple[Ref, Ref]:
    """What a resource of a type was called and is called, as `moved` takes it."""
    return Ref(f"{kind}.{old}"), Ref(f"{kind}.{new}")


def shortened(text: str, width: int) -> str:
    """A description within what the cloud keeps, in characters."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


# ------------------------------------------------------------------------------------ to files


class Laid(NamedTuple):
    """A file: its path, what it is compared by, and its content. Neither is made before it is
    asked for."""

    path: str
    outline: Callable[[], Any]
    content: Callable[[], bytes]


def comment(schemas: str, note: str = "") -> str:
    """What a file says first: the schemas that it was compiled against, and what to know of it."""
    lines = (
        "Written by qgov from the reviewed configuration. The next compilation overwrites edits.",
        f"Compiled against {schemas}.",
        *([note] if note else ()),
    )
    return "\n".join(lines)


def files_of(files: Mapping[str, T], *, closed: bool) -> Iterator[tuple[str, T]]:
    """(name, what makes it) of each file of a module; of one that is closed, those which let go
    of what it made."""
    return ((name, made) for name, made in files.items() if not closed or name in _CLOSING)


def laid_out(path: str, blocks: list[Block], said: str) -> Iterator[Laid]:
    """A file of Terraform; one without blocks is not written."""
    if blocks:
        yield Laid(path, lambda: outline(blocks), lambda: render(blocks, said))


def cloud(
    name: str,
    laid: Callable[[AccessModel], Iterator[Laid]],
    unsupported: Callable[[AccessModel], list[Finding]],
    read_back: Callable[[Files], Any],
    **more: Any,
) -> Target:
    """The target of a cloud, of the files that it lays out."""

    def stream(model: AccessModel) -> Streamed:
        return ((each.path, each.content()) for each in laid(model))

    def emit(model: AccessModel) -> Files:
        return dict(stream(model))

    return Target(name, emit, unsupported, read_back, outlined(laid), stream=stream, **more)


def outlined(laid: Callable[[AccessModel], Iterator[Laid]]) -> Callable[[AccessModel], Any]:
    """What some files are compared by, by their paths."""
    return lambda model: {each.path: each.outline() for each in laid(model)}
