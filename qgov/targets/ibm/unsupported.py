"""What IBM Cloud cannot hold or express."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.language.periods import campaign_of
from qgov.model.access_model import AccessModel
from qgov.model.accesses import backends_of
from qgov.model.principal import is_workload
from qgov.model.scope import contains
from qgov.targets.hcl import Ref
from qgov.targets.ibm.access import counted
from qgov.targets.ibm.instances import MANAGED
from qgov.targets.ibm.keeping import misretired
from qgov.targets.ibm.limits import bonuses, bounding, limit, timed
from qgov.targets.ibm.module import Entitlement, Instance, Module, modules
from qgov.targets.ibm.roles import title_of
from qgov.targets.refused import at_binding, at_cloud, refused

__all__ = ["unsupported"]

_DISPLAY: Final = 50  # characters of the name of a custom role for people
_DEVICE: Final = re.compile(r"[a-z][a-z0-9_-]{1,63}")


def unsupported(model: AccessModel) -> list[Finding]:
    """Names that IBM cannot hold, what two would write, and what no control is written for."""
    found: list[Finding] = []
    taken: dict[str, str] = {}
    for module in modules(model):
        found += _twice(module, taken)
        found += misretired(module)
        if module.ibm.closed:
            continue
        found += _unholdable(module)
        found += _silent(module)
    found += _without_target(model)
    return found


def _unholdable(module: Module) -> Iterator[Finding]:
    for each in module.instances:
        region = each.spec.instance.split(":")[5]
        if region != each.spec.region:
            message = (
                f"`{each.title}` is in `{each.spec.region}`, and its CRN says that it is "
                f"in `{region}`"
            )
            yield _at(module, each, "QG978", message, "copy the CRN again", "instance")
        if each.account != module.account:
            message = (
                f"`{each.title}` is of another account than `{module.instances[0].title}`, and a "
                "root module signs in to one"
            )
            remedy = "keep all instances of a tenant in one account"
            yield _at(module, each, "QG978", message, remedy, "instance")
    for held in module.entitlements:
        long = title_of(module.tenant.name, held.role.name, whole=True)
        if len(long) > _DISPLAY:
            message = (
                f"the custom role `{long}` is longer than the {_DISPLAY} characters that IBM keeps"
            )
            yield at_binding("QG978", message, "shorten the name of the role", held.bindings[0])
        for elevation in counted(module, held):
            try:
                Ref("var.ibm_ids", elevation.subject)
            except ValueError:
                yield refused(
                    "QG978",
                    f"`{elevation.subject}` cannot be a key of Terraform's",
                    "name the person by their address",
                    elevation.source.at("subject"),
                    elevation.source.document,
                )


def _twice(module: Module, taken: dict[str, str]) -> Iterator[Finding]:
    """What would be another's in the same account."""
    for each in module.instances:
        where = "/".join(each.key)
        for name, what in (
            (each.spec.instance, "instance"),
            (f"{each.account} {each.title}", "name"),
        ):
            other = taken.setdefault(f"{what} {name}", where)
            if other != where:
                message = f"`{name.split()[-1]}` would be the {what} of `{other}` too"
                remedy = "give each its own" if what == "instance" else "rename one of them"
                yield _at(module, each, "QG979", message, remedy, "instance")


def _silent(module: Module) -> Iterator[Finding]:
    """What the configuration says and no control of IBM does."""
    for each in module.instances:
        if not each.environments or each.spec.plan == "open":
            continue
        if limit(module, each) is None:
            message = f"neither a limit nor a budget in seconds bounds all of `{each.title}`"
            remedy = "write `instanceLimitSeconds`, or a quota of `qpuSeconds` for the tenant"
            yield _at(module, each, "QG980", message, remedy)
        elif each.spec.plan not in MANAGED:
            if any(timed(budget) for budget in bounding(module, each)):
                message = f"qauvern knows no plan {each.spec.plan}: an exception adds nothing there"
                if any(campaign_of(budget.period) for budget in bounding(module, each)):
                    message = f"qauvern knows no plan {each.spec.plan}: no campaign begins there"
                remedy = "raise `instanceLimitSeconds` for the while"
                yield _at(module, each, "QG980", message, remedy)
        else:
            for bonus in bonuses(module, each):
                if bonus.start.date() >= bonus.end.date():
                    message = (
                        f"an exception until {bonus.end:%Y-%m-%d} adds nothing to `{each.title}`: "
                        "qauvern counts whole days in UTC, without the last one"
                    )
                    yield _at(module, each, "QG980", message, "let it end on a later day")
    for held in module.entitlements:
        yield from _wider(module, held)
        for binding in held.bindings:
            if is_workload(binding.principal) and binding.eligible is not None:
                message = (
                    f"no policy is written for `{held.about}`: a service account holds it "
                    "just-in-time, which no key says"
                )
                yield at_binding("QG980", message, "let it go through the gateway", binding)


def _wider(module: Module, held: Entitlement) -> Iterator[Finding]:
    """A scope whose instance has more devices than its environments name."""
    if "job:submit" not in held.role.permissions:
        return
    backends = module.model.organization.backends
    for instance, _ in held.instances:
        own = {
            backends[name].value.target
            for environment in instance.environments
            for place in (f"{environment.scope}/{project}" for project in environment.projects)
            if contains(held.scope, place) or contains(place, held.scope)
            for name in backends_of(module.model, environment, place)
        }
        more = sorted(set(instance.devices) - own)
        if more:
            names = ", ".join(f"`{name}`" for name in more)
            message = (
                f"who holds `{held.about}` reaches {names} too: IBM tells no device of "
                f"`{instance.title}` from another"
            )
            remedy = "give its environment an instance of its own in `clouds.ibm.instances`"
            yield at_binding("QG980", message, remedy, held.bindings[0])


def _without_target(model: AccessModel) -> Iterator[Finding]:
    for name, fact in model.organization.backends.items():
        if fact.value.cloud == "ibm" and not _DEVICE.fullmatch(fact.value.target or ""):
            yield refused(
                "QG980",
                f"IBM cannot be told of `{name}`, which has no device's name: it is in no instance",
                "write the name in `target`, such as `ibm_brisbane`",
                fact.origin,
                fact.document,
            )


def _at(
    module: Module, each: Instance, code: str, message: str, remedy: str, *field: str
) -> Finding:
    return at_cloud(code, message, remedy, module.tenant, *each.at, *field)
