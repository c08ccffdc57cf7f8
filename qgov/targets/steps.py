"""What people have to do where a cloud can be told nothing, as a list in Markdown that can be
ticked off and read back.

Names and scopes are labels, so nothing that a person wrote freely stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.model import principal as principals
from qgov.model.access_model import AccessModel, Binding, Environment, Tenant, Workload
from qgov.model.accesses import admitted, backends_of
from qgov.model.principal import Principal, is_group, name_of
from qgov.model.scope import EVERYWHERE, contains
from qgov.records import replace
from qgov.targets.cloud import inside, places
from qgov.targets.target import Access

__all__ = ["FILE", "Listed", "Steps", "Used", "by_tenant", "read", "text"]

FILE: Final = "steps.md"
"""The name of the file in a tenant's folder of a cloud."""

_ROW: Final = re.compile(
    r"\| (?P<kind>group|workload) `(?P<name>[a-z0-9/-]+)` \| `(?P<scope>[a-z0-9/-]+)` \| "
    r"(?P<when>always|while elevated) \|"
)


class Steps(NamedTuple):
    """A list: its title, who does what, what is to be ticked off, who may submit, as
    (principal, scope, when) → their address there, and how all of it is read back."""

    title: str
    about: tuple[str, ...]
    tasks: tuple[str, ...]
    people: dict[tuple[Principal, str, str], str]
    read_back: tuple[str, ...]


def text(asked: Steps) -> bytes:
    """The list as Markdown."""
    return ("\n".join(_lines(asked)) + "\n").encode()


def _lines(asked: Steps) -> Iterator[str]:
    yield f"# {asked.title}"
    yield ""
    yield "<!-- Written by qgov from the reviewed configuration. The next compilation overwrites"
    yield "edits. -->"
    yield ""
    yield from asked.about
    yield ""
    yield from (f"- [ ] {task}" for task in asked.tasks)
    yield ""
    yield "| who | where | when | address |"
    yield "|---|---|---|---|"
    for (who, scope, when), email in asked.people.items():
        kind = "group" if is_group(who) else "workload"
        address = f"`{email}`" if email else "its members'"
        yield f"| {kind} `{name_of(who)}` | `{scope}` | {when} | {address} |"
    yield ""
    yield from asked.read_back


def read(content: bytes) -> Iterator[Access]:
    """The accesses that a list asks for."""
    for row in _ROW.finditer(content.decode()):
        kind = principals.group if row["kind"] == "group" else principals.workload
        eligible = row["when"] == "while elevated"
        yield Access(kind(row["name"]), "job:submit", row["scope"], eligible, own=False)


class Listed(Struct, frozen=True):
    """A binding by which somebody submits, its scope in the tenant, and the service account, if it
    is one's."""

    binding: Binding
    scope: str
    workload: Workload | None

    @property
    def endless(self) -> bool:
        """Whether it is just-in-time for a service account: nothing there would end it."""
        return self.workload is not None and self.binding.eligible is not None

    @property
    def key(self) -> tuple[Principal, str, str]:
        """The row of it in a list."""
        when = "while elevated" if self.binding.eligible else "always"
        return self.binding.principal, self.scope, when


class Used(Struct, frozen=True):
    """What a tenant uses of a cloud: the projects (scopes) with a device of it, these devices by
    their ids and by their backends, and who may submit to them."""

    tenant: Tenant
    places: frozenset[str]
    devices: tuple[str, ...]
    backends: tuple[str, ...]
    listed: tuple[Listed, ...]

    def reaches(self, scope: str) -> bool:
        """Whether a device may be used at a scope."""
        return any(contains(scope, place) or contains(place, scope) for place in self.places)


def by_tenant(model: AccessModel, cloud: str) -> Iterator[Used]:
    """What each tenant with an account in a cloud (a field of `clouds`) uses of it."""
    for tenant, bindings, _, _ in inside(model):
        if getattr(tenant.spec.clouds, cloud) is None:
            continue
        used = {
            place: found
            for each, place in places(tenant.environments.values())
            if (found := _devices(model, each, place, cloud))
        }
        known = {backend: device for some in used.values() for backend, device in some.items()}
        devices, backends = sorted(set(known.values())), sorted(known)
        bare = Used(tenant, frozenset(used), tuple(devices), tuple(backends), ())
        some = _listed(model, bare, bindings)
        yield replace(bare, listed=tuple(some))


def _devices(
    model: AccessModel, environment: Environment, place: str, cloud: str
) -> dict[str, str]:
    """Backend → the device's id, of those of the cloud that a project may use."""
    known = model.organization.backends
    found = {name: known[name].value for name in backends_of(model, environment, place)}
    return {n: spec.target for n, spec in found.items() if spec.cloud == cloud and spec.target}


def _listed(model: AccessModel, used: Used, bindings: Iterable[Binding]) -> Iterator[Listed]:
    for binding in bindings:
        scope = used.tenant.name if binding.scope == EVERYWHERE else binding.scope
        workload = model.workload_of(binding.principal)
        if (
            (is_group(binding.principal) or workload is not None)
            and used.reaches(scope)
            and "job:submit" in model.roles[binding.role].permissions
            and admitted(model, binding, scope)
        ):
            yield Listed(binding, scope, workload)
