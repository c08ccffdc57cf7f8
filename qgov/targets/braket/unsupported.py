"""What AWS cannot hold or express."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding, Origin
from qgov.language.periods import MONTH, period
from qgov.model.access_model import AccessModel, Binding, Budget
from qgov.model.caps import budgets_near, uncounted
from qgov.model.principal import is_group, is_workload, name_of
from qgov.targets.braket.devices import device
from qgov.targets.braket.keeping import misretired
from qgov.targets.braket.module import Entitlement, Module, modules
from qgov.targets.braket.money import cap, reviewed
from qgov.targets.braket.people import assigned
from qgov.targets.braket.policies import Statement, entitlement_policy, guardrail, text
from qgov.targets.braket.roles import distrust, elevated, federated, trusts
from qgov.targets.cloud import groups_of
from qgov.targets.refused import at_binding, at_cloud, refused

__all__ = ["unsupported"]

_SET: Final = 32  # characters of the name of a permission set
_ROLE: Final = 64  # of an IAM role
_BUCKET: Final = 63
_SET_POLICY: Final = 32_768  # bytes
_ROLE_POLICY: Final = 10_240  # characters, white space apart
_TRUST: Final = 2_048
_SCP: Final = 5_120
_INDENT: Final = 16
_TAGS: Final = 48  # of a role, besides its role and scope
_SHORTER: Final = "shorten the name of the role"
_FEWER: Final = "give the role at narrower scopes, so that it reaches fewer devices"


def unsupported(model: AccessModel) -> list[Finding]:
    """Names that AWS cannot hold, policies that are too long, and what no control is written
    for."""
    found: list[Finding] = []
    taken: dict[str, str] = {}
    for module in modules(model):
        found += _twice(module, taken)
        found += misretired(module)
        if module.account.closed:
            continue
        found += _too_long(module)
        found += _silent(module)
    found += _without_arn(model)
    return found


def _too_long(module: Module) -> Iterator[Finding]:
    for held in assigned(module):
        binding = _giving(held, eligible=False)
        yield from _longer("permission set", held.name, _SET, binding)
        yield from _larger(held.name, entitlement_policy(module, held), _SET_POLICY, binding)
    trusted = {name: statements for name, _, statements in trusts(module)}
    for name, known, held in federated(module):
        binding = next(b for b in held.bindings if name_of(b.principal) == known.id)
        yield from _longer("IAM role", name, _ROLE, binding)
        yield from _larger(name, entitlement_policy(module, held), _ROLE_POLICY, binding)
        yield from _larger(name, trusted[f"{name}-trust"], _TRUST, binding)
    for name, held in elevated(module):
        binding = _giving(held, eligible=True)
        yield from _longer("IAM role", name, _ROLE, binding)
        yield from _larger(name, entitlement_policy(module, held), _ROLE_POLICY, binding)
        if len(groups_of(held.bindings, eligible=True)) > _TAGS:
            message = f"more than {_TAGS} groups may be elevated to `{held.about}`"
            yield at_binding("QG978", message, "put them into one group", binding)
    if _is_larger(guardrail(module), _SCP):
        message = f"the devices of `{module.name}` do not fit in one policy of {_SCP} bytes"
        remedy = "name fewer devices in the environments of the tenant"
        yield _at(module, "QG978", message, remedy, "account")
    for region, bucket in module.buckets.items():
        if len(bucket) > _BUCKET:
            message = (
                f"`{bucket}`, the bucket for results in {region}, has {len(bucket)} characters, "
                f"and S3 keeps {_BUCKET}"
            )
            yield _at(module, "QG978", message, "shorten its name", "resultsBucket")


def _giving(held: Entitlement, *, eligible: bool) -> Binding:
    """The first binding of a group that gives it."""
    return next(
        b for b in held.bindings if is_group(b.principal) and (b.eligible is not None) == eligible
    )


def _longer(what: str, name: str, most: int, binding: Binding) -> Iterator[Finding]:
    if len(name) > most:
        message = f"the {what} `{name}` has {len(name)} characters, and AWS keeps {most}"
        remedy = _SHORTER if what == "permission set" else f"{_SHORTER} or the service account"
        yield at_binding("QG978", message, remedy, binding)


def _larger(
    name: str, statements: list[Statement], most: int, binding: Binding
) -> Iterator[Finding]:
    size = len(json.dumps(statements, separators=(",", ":")).encode()) + 50
    if size > most:
        message = f"the policy of `{name}` has {size} bytes, and AWS keeps {most}"
        yield at_binding("QG978", message, _FEWER, binding)


def _is_larger(statements: list[Statement], most: int) -> bool:
    """Whether the document that is written of statements is. White space adds at most a line,
    indented by less than _INDENT, for each bracket and comma: where that cannot matter the
    document is not laid out."""
    plain = json.dumps(statements)
    lines = sum(map(plain.count, "[]{},"))
    return len(plain) + _INDENT * (lines + 8) > most and len(text(statements)) > most


def _at(module: Module, code: str, message: str, remedy: str, *field: str) -> Finding:
    return at_cloud(code, message, remedy, module.tenant, *module.at, *field)


def _twice(module: Module, taken: dict[str, str]) -> Iterator[Finding]:
    """Names that are another's in all of AWS or, for permission sets, in the organization."""
    where = f"{module.tenant.name}/{module.own}" if module.own else module.tenant.name
    for name, what, field in (
        (module.account.account, "account", "account"),
        (f"qgov-{module.name}", "trail and the policies", "account"),
        *((bucket, "bucket", "resultsBucket") for bucket in sorted(module.buckets.values())),
    ):
        other = taken.setdefault(f"{what} {name}", where)
        if other != where:
            message = f"`{name}` would be the {what} of `{other}` too"
            yield _at(module, "QG979", message, "give each its own", field)
    for held in assigned(module):
        what = f"{held.about} in {held.account}"
        other = taken.setdefault(f"permission set {held.name}", what)
        if other != what:
            binding = _giving(held, eligible=False)
            message = f"`{held.name}` would be the permission set of `{other}` too"
            yield at_binding("QG979", message, "rename the role or the tenant", binding)


def _silent(module: Module) -> Iterator[Finding]:
    """What the configuration says and no control of AWS does."""
    tenant = module.tenant
    if module.devices and not module.buckets:
        message = (
            f"`{module.name}` names no bucket, so AWS has no place for the results of its tasks"
        )
        yield _at(module, "QG980", message, "name one in `resultsBucket`")
    stops = [b for b in budgets_near(module.model, tenant.name) if b.stop_micros is not None]
    spec = module.model.organization.spec
    if stops and module.devices and spec.currency != "USD" and "USD" not in spec.exchange_rates:
        yield refused(
            "QG980",
            f"AWS counts in US dollars, which have no rate in {spec.currency}: it limits nothing "
            f"of `{module.name}`",
            "write the rate of USD in `exchangeRates`",
            stops[0].source.origin,
            stops[0].source.document,
        )
    elif module.devices and (others := _uncounted(module)):
        fact, known = others[0].source, cap(module)
        where = f"nothing of `{module.name}`"
        if known is not None:
            where = f"`{module.name}` only at what may be spent {period(known.period).words}"
        yield refused(
            "QG980",
            f"AWS counts nothing {period(others[0].period or MONTH).words}, so it stops {where}",
            "write a budget with `stopAt` for the tenant, monthly, quarterly, yearly or for a "
            "campaign; this one is the gateway's alone",
            fact.at("budget", "period"),
            fact.document,
        )
    elif module.devices and cap(module) is None:
        message = f"no budget with a hard stop bounds all of `{module.name}`, so AWS stops nothing"
        yield _at(module, "QG980", message, "write a budget with `stopAt` for the tenant")
    for workload in module.workloads if module.devices else ():
        if workload.issuer is None:
            fact = workload.source
            yield _no_role(workload.id, distrust(workload) or "", fact.origin, fact.document)
    for held in module.entitlements:
        for binding in held.bindings:
            if is_workload(binding.principal):
                yield from _unassumable(module, held, binding)


def _uncounted(module: Module) -> list[Budget]:
    name, allowed = module.tenant.name, reviewed(module)
    return uncounted(module.model, name, module.projects[0], allowed, campaigns=True)


def _unassumable(module: Module, held: Entitlement, binding: Binding) -> Iterator[Finding]:
    known = module.model.workloads[name_of(binding.principal)]
    problem = distrust(known)
    if binding.eligible is not None:
        problem = "it holds this just-in-time, which no trust policy can say of a token"
    if problem is not None:
        who = f"{known.id}` as `{held.about}"
        yield _no_role(who, problem, binding.origin, binding.source.document)


def _no_role(who: str, problem: str, origin: Origin, document: str) -> Finding:
    return refused(
        "QG980",
        f"no IAM role is written for `{who}`: {problem}",
        "say exactly who it is in `federation`, or let it go through the gateway",
        origin,
        document,
    )


def _without_arn(model: AccessModel) -> Iterator[Finding]:
    for name, fact in model.organization.backends.items():
        if fact.value.cloud == "braket" and device(model, name) is None:
            yield refused(
                "QG980",
                f"AWS cannot be told of `{name}`, which has no device's ARN or no region of AWS: "
                "it is denied to all",
                "write the ARN in `target`, and where its jobs run in `region`",
                fact.origin,
                fact.document,
            )
