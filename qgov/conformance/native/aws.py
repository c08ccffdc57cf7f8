"""What is asked of AWS: each principal × device, as the table of accesses has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.conformance.native.question import Policy, Question, Request
from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.model.principal import Principal, is_user
from qgov.model.scope import contains, tenant_of
from qgov.model.tenants import aws_accounts, environments_of
from qgov.targets.braket.read_back import Holder, guardrails, holders
from qgov.targets.braket.roles import distrust
from qgov.targets.target import Files

__all__ = [
    "ME",
    "Account",
    "Place",
    "accounts",
    "devices",
    "request",
    "submissions",
    "submit",
    "submitting",
]

ME: Final = "AROAEXAMPLE:me"
"""`aws:userid` of who asks."""

_SUBMIT: Final = "braket:CreateQuantumTask"


class Place(NamedTuple):
    """Who holds something, where, and whether only while they are elevated."""

    principal: Principal
    scope: str
    eligible: bool

    @property
    def title(self) -> str:
        """As a row of the matrix is called."""
        return f"{self.principal} at {self.scope}" + (" (just in time)" if self.eligible else "")


class Account(Struct, frozen=True):
    """An account of a tenant as it was emitted: who has what in it, and what the organization
    denies there. `own` is the environment whose account it is, `environments` are the scopes of
    all that are in it."""

    tenant: str
    own: str
    environments: tuple[str, ...]
    number: str
    bucket: str | None
    deploy_role: str
    guard: tuple[Policy, ...]
    held: Mapping[Place, tuple[Holder, ...]]


def accounts(model: AccessModel, files: Files) -> list[Account]:
    """The accounts of a model's tenants, with what the files give there."""
    held: dict[str, dict[Place, list[Holder]]] = defaultdict(lambda: defaultdict(list))
    for each in holders(files):
        place = Place(each.principal, each.scope, each.eligible)
        held[each.account][place].append(each)
    guards = guardrails(files)
    return [
        Account(
            name,
            own,
            tuple(each.scope for each in environments_of(tenant, own)),
            spec.account,
            spec.results_bucket,
            f"arn:aws:iam::{spec.account}:role/{spec.deploy_role}",
            guards.get(spec.account, ()),
            {place: tuple(some) for place, some in held[spec.account].items()},
        )
        for name, tenant in model.tenants.items()
        for own, spec, _ in aws_accounts(tenant.spec)
    ]


def devices(model: AccessModel) -> dict[str, tuple[str, str]]:
    """Backend → (region, what follows `device/` in its ARN) of each device of Braket."""
    return {
        name: (fact.value.region, fact.value.target.partition(":device/")[2])
        for name, fact in model.organization.backends.items()
        if fact.value.cloud == "braket" and fact.value.target
    }


def _places(model: AccessModel, account: Account) -> list[Place]:
    """Everybody of whom the documents or the files say something in an account, sorted. A
    workload that no trust policy can name, or that is only eligible, goes through the gateway."""
    found = set(account.held)
    for binding in model.bindings:
        scope = account.tenant if binding.scope == "*" else binding.scope
        workload = model.workload_of(binding.principal)
        eligible = binding.eligible is not None
        exact = workload is None or (not eligible and distrust(workload) is None)
        if tenant_of(scope) == account.tenant and exact:
            found.add(Place(binding.principal, scope, eligible))
    return sorted(found)


def submissions(model: AccessModel, account: Account) -> Iterator[Question]:
    """Each principal × device of the organization: may it submit a task there?"""
    wanted = submitting(model, account)
    for place in _places(model, account):
        for backend, (region, path) in devices(model).items():
            expect = backend in wanted[place]
            ways = tuple(
                submit(account, held, region, path, guarded=expect)
                for held in account.held.get(place, ())
            )
            yield Question(
                f"{place.title} submits to {backend}", expect, ways, place.title, backend
            )


def submitting(model: AccessModel, account: Account) -> Mapping[Place, set[str]]:
    """The backends that each place may submit to, from the table of accesses."""
    found: dict[Place, set[str]] = defaultdict(set)
    for cell, ways in accesses(model).of("job:submit").items():
        if cell.scope.rpartition("/")[0] not in account.environments or is_user(cell.principal):
            continue
        for way in ways:
            scope = account.tenant if way.binding.scope == "*" else way.binding.scope
            if contains(scope, cell.scope):
                eligible = way.binding.eligible is not None
                found[Place(cell.principal, scope, eligible)].add(cell.backend)
    return found


def submit(
    account: Account,
    held: Holder,
    region: str,
    path: str,
    asked_in: str | None = None,
    *,
    guarded: bool = False,
) -> tuple[Request, ...]:
    """The requests that submitting a task amounts to: IAM judges the device, with the account of
    the caller in its ARN, and the task that comes into being."""
    where = asked_in or region
    resources = (
        f"arn:aws:braket:{region}:{account.number}:device/{path}",
        f"arn:aws:braket:{where}:{account.number}:quantum-task/1",
    )
    return tuple(
        request(account, held, _SUBMIT, resource, {"aws:RequestedRegion": where}, guarded=guarded)
        for resource in resources
    )


def request(
    account: Account,
    held: Holder,
    action: str,
    resource: str,
    known: Mapping[str, str] | None = None,
    number: str | None = None,
    *,
    guarded: bool = False,
) -> Request:
    """A request of who has a policy, in an account: their own where no other is given. What is
    denied must be so without the organization's policies: each layer holds alone."""
    policies: tuple[Policy, ...] = (held.policy,)
    session = f"arn:aws:sts::{account.number}:assumed-role/{held.name}/me"
    given = _context(policies) | dict(known or {})
    guard = account.guard if guarded else ()
    return Request(session, action, resource, number or account.number, given, policies, guard)


def _context(policies: Iterable[Policy]) -> dict[str, str]:
    """What AWS knows of who asks, and what they choose themselves: every tag that a policy
    asks of a request."""
    chosen: dict[str, str] = {"aws:userid": ME}
    for policy in policies:
        for statement in policy:
            for keys in statement.get("Condition", {}).values():
                chosen |= {k: _first(v) for k, v in keys.items() if k.startswith("aws:RequestTag/")}
    return chosen


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value).replace("*", "x")
