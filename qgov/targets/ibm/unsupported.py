"""What IBM Cloud cannot hold or express."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding, Severity
from qgov.language.periods import campaign_of
from qgov.model.access_model import AccessModel, Binding
from qgov.model.accesses import backends_of
from qgov.model.principal import is_workload
from qgov.model.scope import contains
from qgov.targets.hcl import Ref
from qgov.targets.ibm.access import counted
from qgov.targets.ibm.instances import MANAGED
from qgov.targets.ibm.limits import bonuses, bounding, limit, timed
from qgov.targets.ibm.module import Entitlement, Instance, Module, modules
from qgov.targets.ibm.roles import title_of

__all__ = ["unsupported"]

_DISPLAY: Final = 50  # characters of the name of a custom role for people
_DEVICE: Final = re.compile(r"[a-z][a-z0-9_-]{1,63}")


def unsupported(model: AccessModel) -> list[Finding]:
    """Names that IBM cannot hold, what two would write, and what no control is written for."""
    found: list[Finding] = []
    taken: dict[str, str] = {}
    for module in modules(model):
        found += _unholdable(module)
        found += _twice(module, taken)
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
            yield _of_instance(module, each, "QG978", message, "copy the CRN again", "instance")
        if each.account != module.account:
            message = (
                f"`{each.title}` is of another account than `{module.instances[0].title}`, and a "
                "root module signs in to one"
            )
            remedy = "keep all instances of a tenant in one account"
            yield _of_instance(module, each, "QG978", message, remedy, "instance")
    for held in module.entitlements:
        long = title_of(module.tenant.name, held.role.name, whole=True)
        if len(long) > _DISPLAY:
            message = (
                f"the custom role `{long}` is longer than the {_DISPLAY} characters that IBM keeps"
            )
            yield _at(held.bindings[0], "QG978", message, "shorten the name of the role")
        for elevation in counted(module, held):
            try:
                Ref("var.ibm_ids", elevation.subject)
            except ValueError:
                yield Finding(
                    "QG978",
                    f"`{elevation.subject}` cannot be a key of Terraform's",
                    elevation.source.at("subject"),
                    "name the person by their address",
                    document=elevation.source.document,
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
                yield _of_instance(module, each, "QG979", message, remedy, "instance")


def _silent(module: Module) -> Iterator[Finding]:
    """What the configuration says and no control of IBM does."""
    for each in module.instances:
        if not each.environments or each.spec.plan == "open":
            continue
        if limit(module, each) is None:
            message = f"neither a limit nor a budget in seconds bounds all of `{each.title}`"
            remedy = "write `instanceLimitSeconds`, or a quota of `qpuSeconds` for the tenant"
            yield _warning(module, each, message, remedy)
        elif each.spec.plan not in MANAGED:
            if any(timed(budget) for budget in bounding(module, each)):
                message = f"qauvern knows no plan {each.spec.plan}: an exception adds nothing there"
                if any(campaign_of(budget.period) for budget in bounding(module, each)):
                    message = f"qauvern knows no plan {each.spec.plan}: no campaign begins there"
                yield _warning(module, each, message, "raise `instanceLimitSeconds` for the while")
        else:
            for bonus in bonuses(module, each):
                if bonus.start.date() >= bonus.end.date():
                    message = (
                        f"an exception until {bonus.end:%Y-%m-%d} adds nothing to `{each.title}`: "
                        "qauvern counts whole days in UTC, without the last one"
                    )
                    yield _warning(module, each, message, "let it end on a later day")
    for held in module.entitlements:
        yield from _wider(module, held)
        for binding in held.bindings:
            if is_workload(binding.principal) and binding.eligible is not None:
                message = (
                    f"no policy is written for `{held.about}`: a service account holds it "
                    "just-in-time, which no key says"
                )
                yield _at(binding, "QG980", message, "let it go through the gateway", weak=True)


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
            yield _at(held.bindings[0], "QG980", message, remedy, weak=True)


def _without_target(model: AccessModel) -> Iterator[Finding]:
    for name, fact in model.organization.backends.items():
        if fact.value.cloud == "ibm" and not _DEVICE.fullmatch(fact.value.target or ""):
            yield Finding(
                "QG980",
                f"IBM cannot be told of `{name}`, which has no device's name: it is in no instance",
                fact.origin,
                "write the name in `target`, such as `ibm_brisbane`",
                Severity.WARNING,
                document=fact.document,
            )


def _at(binding: Binding, code: str, message: str, remedy: str, *, weak: bool = False) -> Finding:
    severity = Severity.WARNING if weak else Severity.ERROR
    source = binding.source
    return Finding(code, message, binding.origin, remedy, severity, document=source.document)


def _warning(module: Module, each: Instance, message: str, remedy: str) -> Finding:
    source = module.tenant.source
    return Finding(
        "QG980",
        message,
        source.at("clouds", *each.at),
        remedy,
        Severity.WARNING,
        document=source.document,
    )


def _of_instance(
    module: Module, each: Instance, code: str, message: str, remedy: str, field: str
) -> Finding:
    source = module.tenant.source
    return Finding(
        code, message, source.at("clouds", *each.at, field), remedy, document=source.document
    )
