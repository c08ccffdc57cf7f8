"""What one root module is made from, and what its files share.

AWS knows accounts, and nothing of environments and projects: what it is told is cut to that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from qgov.language.kinds.tenant import AwsAccount
from qgov.model.access_model import AccessModel, Binding, Environment, Role, Tenant
from qgov.model.accesses import admitted, backends_of
from qgov.model.conditions import NONE, Conditions
from qgov.model.floors import required
from qgov.model.renames import renames
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import aws_accounts, environments_of
from qgov.targets.braket.devices import Device, device, price_class
from qgov.targets.cloud import Account, inside, places, with_devices
from qgov.targets.hcl import Beside, Block, Ref, Value

__all__ = [
    "ORGANIZATION",
    "WIDTH",
    "Entitlement",
    "Module",
    "modules",
    "policy_file",
    "resource",
]

ORGANIZATION: Final[Mapping[str, Value]] = {"provider": Ref("aws.organization")}
"""The argument of what belongs to the organization's account and not to the tenant's."""

WIDTH: Final = 700
"""Characters of the description of a permission set; a role keeps 1,000."""

_SUBMIT: Final = "job:submit"
_EVERYWHERE: Final = "us-east-1"  # where an account without devices keeps its trail


@dataclass(frozen=True, eq=False)
class Entitlement:
    """What one role gives at one scope, for the devices of one class of price: the unit of IAM.
    Using dear devices is another sign-in than using cheap ones, and another line in the trail.

    `account` is the name of the module. `scope` lies in the tenant; `whole` when everything in
    the account lies in it. `bindings` are the standing and eligible ones that give it;
    `conditions` what all of them ask for together.
    """

    account: str
    role: Role
    scope: str
    whole: bool
    price: str
    devices: tuple[Device, ...]
    bindings: tuple[Binding, ...]
    conditions: Conditions

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others in the tenant."""
        return (self.role.name, self.scope, *([self.price] if self.price else []))

    @cached_property
    def name(self) -> str:
        """A name of its own in all of AWS: `ROLE-PRICE-DIGEST`. Accounts are chosen before roles,
        and the description says the scope. 40 bits of digest: two of a name are a finding."""
        digest = hashlib.sha256("\0".join((self.account, *self.key)).encode()).digest()
        label = base64.b32encode(digest[:5]).decode().lower()
        return "-".join(filter(None, (self.role.name, self.price, label)))

    @property
    def prefix(self) -> str:
        """Where its results lie in the bucket: `ENVIRONMENT/PROJECT/` or a part of it."""
        return "".join(f"{label}/" for label in self.scope.split("/")[1:])

    @property
    def about(self) -> str:
        """What it is, in one line."""
        devices = ", ".join(each.name for each in self.devices)
        return f"{self.role.name} at {self.scope}" + (f" on {devices}" if devices else "")


@dataclass(frozen=True, eq=False)
class Module(Account):
    """What one root module is made from: an account. Two of a name are a finding."""

    account: AwsAccount
    entitlements: tuple[Entitlement, ...]
    devices: tuple[Device, ...]

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions of its devices."""
        return tuple(sorted({each.region for each in self.devices}))

    @cached_property
    def home(self) -> str:
        """The region of the bucket that the document names, and of the trail."""
        return self.account.region or next(iter(self.regions), _EVERYWHERE)

    @cached_property
    def buckets(self) -> Mapping[str, str]:
        """The bucket for results in each region: a task's lie in the region of its device."""
        bucket = self.account.results_bucket
        if bucket is None:
            return {}
        found = {self.home: bucket}
        found |= {r: f"{bucket}-{r}" for r in self.regions if r != self.home}
        return dict(sorted(found.items()))

    @property
    def own_key(self) -> bool:
        """Whether results are encrypted with the tenant's own key, which IAM guards too."""
        kept, stores = self.tenant.spec.retention.results, self.model.organization.stores
        store = stores.get(kept.store) if kept is not None else None
        return store is not None and store.value.encryption == "customer-key"

    @property
    def trail_bucket(self) -> str:
        """The bucket of the trail. The account's number makes it the only one of its name."""
        return f"qgov-trail-{self.account.account}"

    def former(self, held: Entitlement) -> tuple[str, ...]:
        """What an entitlement was before its role or scope was renamed, as its key is."""
        return (self.renames.role(held.role.name), self.renames.scope(held.scope), *held.key[2:])

    @property
    def trail_name(self) -> str:
        """The trail of the account."""
        return f"qgov-{self.name}"

    @property
    def deploy_role(self) -> str:
        """The ARN of the role that applies the module."""
        return f"arn:aws:iam::{self.account.account}:role/{self.account.deploy_role}"


def modules(model: AccessModel) -> tuple[Module, ...]:
    """A root module for each tenant that has an AWS account, made once."""
    return model.once(_modules)


def _modules(model: AccessModel) -> tuple[Module, ...]:
    return tuple(_made(model))


def _made(model: AccessModel) -> Iterator[Module]:
    former = renames(model)
    for tenant, bindings, workloads, _ in inside(model, "braket"):
        found = aws_accounts(tenant.spec)
        served = [_place(model, tenant, own) for own, _, _ in found]
        used = [with_devices(model, each.environments, device) for each in served]
        for index, (own, account, at) in enumerate(found):
            place = served[index]
            yield Module(
                model,
                tenant,
                own,
                at,
                tuple(place.environments),
                (used[index], *used[:index], *used[index + 1 :]),
                workloads,
                former,
                account,
                tuple(_entitlements(place, bindings)),
                _devices(place, tenant.name),
            )


class _Place(NamedTuple):
    """An account before anything is known of it but what runs there."""

    model: AccessModel
    tenant: Tenant
    own: str
    environments: tuple[Environment, ...]
    backends: Mapping[str, tuple[str, ...]]
    """The scope of each project → what its jobs may run on."""


def _place(model: AccessModel, tenant: Tenant, own: str) -> _Place:
    environments = tuple(environments_of(tenant, own))
    backends = {
        scope: backends_of(model, environment, scope) for environment, scope in places(environments)
    }
    return _Place(model, tenant, own, environments, backends)


def _entitlements(place: _Place, bindings: Iterable[Binding]) -> Iterator[Entitlement]:
    model, tenant, own, *_ = place
    name = f"{tenant.name}/{own}" if own else tenant.name
    held: dict[tuple[str, str], list[Binding]] = {}
    for binding in bindings:
        scope = tenant.name if binding.scope == EVERYWHERE else binding.scope
        workload = model.workload_of(binding.principal)
        unknown = workload is not None and workload.issuer is None
        if not unknown and admitted(model, binding, scope):
            held.setdefault((binding.role, scope), []).append(binding)
    for (role_name, scope), all_of in sorted(held.items()):
        role, devices = model.roles[role_name], _devices(place, scope)
        if not devices:
            continue  # no task of the account belongs to the scope
        asked, whole = _asked(place, scope, role, all_of), contains(scope, name)
        classes: dict[str, list[Device]] = {}
        if _SUBMIT in role.permissions:
            for each in devices:
                classes.setdefault(price_class(model, tenant, each), []).append(each)
        else:
            classes[""] = []
        for price, some in sorted(classes.items()):
            yield Entitlement(name, role, scope, whole, price, tuple(some), tuple(all_of), asked)


def _asked(place: _Place, scope: str, role: Role, bindings: Iterable[Binding]) -> Conditions:
    """What all bindings of a role at a scope ask for, wherever in it: IAM tells no environment
    from another, so the strictest decides."""
    model = place.model
    floor = model.floor(scope)
    for environment in place.environments:
        if contains(scope, environment.scope):
            floor &= environment.floor
    asked = NONE
    for binding in bindings:
        asked &= required(floor, role, binding, model.workload_of(binding.principal))
    return asked


def _devices(place: _Place, scope: str) -> tuple[Device, ...]:
    """The devices that jobs of a scope may use."""
    names = {
        name
        for project, backends in place.backends.items()
        if contains(scope, project) or contains(project, scope)
        for name in backends
    }
    found = (device(place.model, name) for name in sorted(names))
    return tuple(each for each in found if each is not None)


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of this provider."""
    return Block("resource", (f"aws_{kind}", name), attributes, blocks)


def policy_file(name: str) -> Beside:
    """A policy document, which lies beside the module as the JSON that AWS reads."""
    return Beside(f"policies/{name}.json")
