"""The AccessModel: what a repository means. Frozen, sorted, and all that later stages see.

Facts carry the place they were written, outside their equality: a moved line is not a change. Parts
that only checks and targets read keep the language's own frozen spec objects, wrapped in `Fact`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from qgov.finding import Origin
from qgov.language.documents import Document
from qgov.language.kinds.access_test import Case
from qgov.language.kinds.backend import BackendSpec
from qgov.language.kinds.base import Metadata
from qgov.language.kinds.directory import IdentityProvider, MembersWhere, Requests
from qgov.language.kinds.guardrail import Guardrail
from qgov.language.kinds.organization import (
    AuditSink,
    Framework,
    OrganizationSpec,
    Queue,
    SecretsManager,
    StoreSpec,
    Vendor,
)
from qgov.language.kinds.tenant import ServiceAccount, TenantSpec
from qgov.language.persons import folded
from qgov.model.conditions import ApprovalRule, Conditions, Eligibility, JobLimits
from qgov.model.derived import Derivable, Derived, noticed
from qgov.model.fact import Fact, Written, origin_of
from qgov.model.price import Price
from qgov.model.principal import Principal, is_group, is_workload, name_of
from qgov.model.scope import tenant_of
from qgov.records import replace

__all__ = [
    "AccessModel",
    "AccessTest",
    "Binding",
    "Budget",
    "Elevation",
    "Environment",
    "Exclusive",
    "Fact",
    "Group",
    "Organization",
    "Quota",
    "Raise",
    "Role",
    "Tenant",
    "Workload",
]

T = TypeVar("T")


def _grouped(values: Iterable[T], key: Callable[[T], str]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return {name: tuple(group) for name, group in found.items()}


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions. `permissions` maps the base permission to whether it
    is narrowed to what the subject owns; `requires` comes on top of the floors."""

    name: str
    permissions: Mapping[str, bool]
    requires: Conditions
    conflicts_with: tuple[str, ...]
    privileged: bool
    metadata: Metadata
    source: Fact[Any] = field(compare=False, repr=False)

    def permission_origin(self, permission: str) -> Origin:
        """Where the role lists a permission, with or without `:own`."""
        listed = self.source.value.permissions
        for index, entry in enumerate(listed):
            if entry.removesuffix(":own") == permission:
                return self.source.at("permissions", index)
        return self.source.origin


@dataclass(frozen=True, slots=True)
class Group:
    """A directory group: its identity provider, how many people it has at least, the
    tenants that bind it, and where it is first named. `called` is its name in the directory,
    `directory_id` what the directory knows it by, where that is written, and `team` what it is
    called where changes are reviewed. `external`: its people are
    not the company's own; `expires`: when all of its bindings end; `includes`: the groups whose
    people are in it too, at any depth; `members_where`: who is in it, where a rule says so;
    `requests`: how people ask to be in it."""

    name: str
    provider: str
    shared: bool
    members: int
    declared: bool
    title: str | None
    tenants: tuple[str, ...]
    written: Written = field(compare=False, repr=False)
    called: str
    directory_id: str | None = None
    team: str | None = None
    external: bool = False
    expires: datetime | None = None
    includes: tuple[str, ...] = ()
    members_where: MembersWhere | None = None
    requests: Requests | None = None

    @property
    def origin(self) -> Origin:
        """Where the group is first named."""
        return origin_of(self.written)


@dataclass(frozen=True, slots=True)
class Environment:
    """A part of a tenant. `floor` is organization ∧ tier ∧ tenant ∧ environment; `residency` has
    the projects whose data may be in some of the tenant's jurisdictions only."""

    name: str
    scope: str
    tier: str
    backends: tuple[str, ...]
    projects: tuple[str, ...]
    queue: str | None
    floor: Conditions
    source: Fact[Any] = field(compare=False, repr=False)
    residency: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        """The line of the environment's name."""
        return self.source.origin


@dataclass(frozen=True, slots=True)
class Tenant:
    """The isolation boundary. `floor` is organization ∧ tenant; `issuers` are the tokens'
    issuers whose people it admits (its own provider's and those of organization-wide
    bindings)."""

    name: str
    provider: str
    issuers: tuple[str, ...]
    residency: tuple[str, ...]
    isolation: str
    floor: Conditions
    environments: Mapping[str, Environment]
    spec: TenantSpec
    metadata: Metadata
    source: Fact[TenantSpec] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Workload:
    """A service account; `id` is `tenant/name`."""

    id: str
    tenant: str
    issuer: str | None
    audience: str | None
    subject: str | None
    max_token_age_s: int | None
    spec: ServiceAccount
    source: Fact[ServiceAccount] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """A principal holds a role at a scope, standing or eligible. `principal` is
    `group:NAME` or `workload:TENANT/NAME`; `scope` is absolute. It grants nothing from
    `expires` on, the earlier of its own end and its group's; `external`: its people are not the
    company's own; `via`: the group that is bound and includes this one."""

    principal: Principal
    role: str
    scope: str
    eligible: Eligibility | None
    requires: Conditions
    source: Fact[Any] = field(compare=False, repr=False)
    expires: datetime | None = None
    external: bool = False
    via: str | None = field(default=None, compare=False)

    @property
    def origin(self) -> Origin:
        """The line of the binding."""
        return self.source.at()


@dataclass(frozen=True, slots=True)
class Elevation:
    """A just-in-time elevation of one person. `through` are the eligible bindings that it makes
    use of; `approver_group` is the group whose approval the reviewed document shows."""

    name: str
    subject: str
    role: str
    scope: str
    requested_by: str | None
    approved_by: str | None
    ticket: str | None
    not_before: datetime | None
    expires: datetime
    through: tuple[Binding, ...]
    source: Fact[Any] = field(compare=False, repr=False)


class Quota(NamedTuple):
    """A bound on something counted: a measure, over a `window` (`job`, or a period by its name),
    with its hard limit and the shares of it, in basis points, that warn."""

    measure: str
    window: str
    limit: int
    warn_at: tuple[int, ...]


class Raise(NamedTuple):
    """What an exception adds to a budget, from `not_before` until before `expires`."""

    increase_micros: int
    not_before: datetime | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds for the jobs of a scope. Money in micros of the organization's currency, for a
    `period` by its name; shares in basis points; `stop_at` None never stops. `raises` are its
    exceptions, those approved by somebody other than the requester; `formerly` its former names,
    the last one first; `backends` those whose jobs count, every backend's where there are none."""

    name: str
    scope: str
    group: str | None
    owner: str
    period: str | None
    limit_micros: int | None
    warn_at: tuple[int, ...]
    stop_at: int | None
    quotas: tuple[Quota, ...]
    approval: ApprovalRule | None
    approval_classes: tuple[str, ...]
    raises: tuple[Raise, ...]
    source: Fact[Any] = field(compare=False, repr=False)
    formerly: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()

    def counts_on(self, backend: str | None) -> bool:
        """Whether jobs on a backend count; those on one that nobody names do."""
        return not self.backends or not backend or backend in self.backends

    @property
    def raised_micros(self) -> int:
        """The most that its exceptions add."""
        return sum(r.increase_micros for r in self.raises)

    @property
    def stop_micros(self) -> int | None:
        """The most that may be spent in a period, exceptions apart; None: no hard stop.
        A period longer than a month may be spent in its first month."""
        if self.limit_micros is None or self.stop_at is None:
            return None
        return self.limit_micros * self.stop_at // 10_000


@dataclass(frozen=True, slots=True)
class AccessTest:
    """One expectation of an `AccessTest` document."""

    document: str
    index: int
    case: Case
    source: Fact[Case] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Something that two tenants must not both have, such as a cloud account."""

    what: str
    key: str
    tenant: str
    written: Written = field(compare=False, repr=False)

    @property
    def origin(self) -> Origin:
        """Where the tenant says so."""
        return origin_of(self.written)


@dataclass(frozen=True, slots=True)
class Organization:
    """The company: what no tenant owns. `backend_limits` are a backend's bounds of one job in the
    organization's currency; its number of qubits is a fact of the device. A backend without an
    entry in `prices` is free."""

    name: str
    floor: Conditions
    tier_floors: Mapping[str, Conditions]
    providers: Mapping[str, Fact[IdentityProvider]]
    backends: Mapping[str, Fact[BackendSpec]]
    backend_limits: Mapping[str, JobLimits]
    prices: Mapping[str, Price]
    queues: Mapping[str, Fact[Queue]]
    stores: Mapping[str, Fact[StoreSpec]]
    secrets_managers: Mapping[str, Fact[SecretsManager]]
    audit_sinks: Mapping[str, Fact[AuditSink]]
    frameworks: Mapping[str, Fact[Framework]]
    vendors: Mapping[str, Fact[Vendor]]
    never: tuple[Fact[Guardrail], ...]
    always: tuple[Fact[Guardrail], ...]
    spec: OrganizationSpec
    metadata: Metadata
    source: Fact[OrganizationSpec] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AccessModel(Derivable):
    """What a repository means."""

    organization: Organization
    roles: Mapping[str, Role]
    groups: Mapping[str, Group]
    tenants: Mapping[str, Tenant]
    workloads: Mapping[str, Workload]
    bindings: tuple[Binding, ...]
    elevations: tuple[Elevation, ...]
    budgets: Mapping[str, Budget]
    budget_exceptions: tuple[Fact[Any], ...]
    waivers: tuple[Fact[Any], ...]
    reviews: tuple[Fact[Any], ...]
    tests: tuple[AccessTest, ...]
    exclusives: tuple[Exclusive, ...]
    documents: tuple[Document, ...] = field(compare=False, repr=False)
    budgets_in: Mapping[str, tuple[Budget, ...]] = field(init=False, compare=False, repr=False)
    """Tenant (empty: any) → the budgets that its jobs may fall under."""
    elevations_of: Mapping[str, tuple[Elevation, ...]] = field(
        init=False, compare=False, repr=False
    )
    """Subject → elevations."""
    _derived: Derived = field(init=False, default_factory=Derived, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, index in (
            ("budgets_in", _grouped(self.budgets.values(), lambda b: tenant_of(b.scope))),
            ("elevations_of", _grouped(self.elevations, lambda e: folded(e.subject))),
        ):
            object.__setattr__(self, name, index)

    def with_roles(self, roles: Mapping[str, Role], documents: Iterable[Document]) -> AccessModel:
        """The same but for its roles, and for the documents that they stand in."""
        found = replace(self, roles=roles, documents=tuple(documents))
        object.__setattr__(found, "_derived", Derived(self._derived))
        return found

    def beside_roles(self) -> tuple[Document, ...]:
        """The documents that no role stands in."""
        return tuple(d for d in _DOCUMENTS.__get__(self) if d.kind != "Role")

    def workload_of(self, principal: Principal) -> Workload | None:
        """The service account that a principal is, if it is one."""
        return self.workloads.get(name_of(principal)) if is_workload(principal) else None

    def group_of(self, principal: Principal) -> Group | None:
        """The directory group that a principal is, if it is one."""
        return self.groups.get(name_of(principal)) if is_group(principal) else None

    def environment(self, scope: str) -> Environment | None:
        """The environment that a scope of two or three labels lies in."""
        tenant, _, rest = scope.partition("/")
        found = self.tenants.get(tenant)
        return found.environments.get(rest.partition("/")[0]) if found else None

    def floor(self, scope: str) -> Conditions:
        """The folded floors that hold at a scope."""
        if (environment := self.environment(scope)) is not None:
            return environment.floor
        tenant = self.tenants.get(scope)
        return tenant.floor if tenant else self.organization.floor

    def residency(self, scope: str) -> tuple[str, ...]:
        """The jurisdictions where the data of a scope inside of a tenant may be."""
        tenant, environment = self.tenants[tenant_of(scope)], self.environment(scope)
        own = environment.residency if environment is not None else {}
        return own.get(scope.rpartition("/")[2], tenant.residency)


_DOCUMENTS: Final = vars(AccessModel)["documents"]
for name in ("roles", "documents"):
    setattr(AccessModel, name, noticed(vars(AccessModel)[name]))
