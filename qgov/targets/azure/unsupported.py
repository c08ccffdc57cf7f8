"""What Azure cannot hold or express."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qgov.finding import Finding
from qgov.language.periods import MONTH, period
from qgov.model.access_model import AccessModel, Binding, Budget
from qgov.model.caps import Cap, budgets_near, uncounted
from qgov.model.principal import is_group, is_workload, name_of
from qgov.targets.azure.entitlements import GIVEN, confined, distrust, terms
from qgov.targets.azure.keeping import misretired
from qgov.targets.azure.module import Module, modules, provider_of
from qgov.targets.azure.money import MOST_WARNINGS, amount, currency, warnings
from qgov.targets.refused import at_binding, at_cloud, refused

__all__ = ["unsupported"]


def unsupported(model: AccessModel) -> list[Finding]:
    """Names that are another's, budgets that Azure cannot hold, and what no control is written
    for."""
    found: list[Finding] = []
    taken: dict[tuple[str, str], str] = {}
    for module in modules(model):
        found += _twice(module, taken)
        found += misretired(module)
        if module.workspace.closed:
            continue
        found += _silent(module)
        found += _money(module)
        found += _unknown(module)
        found += _confined(module)
        found += _not_activated(module)
    found += _without_target(model)
    return found


def _at(module: Module, code: str, message: str, remedy: str, *field: str) -> Finding:
    return at_cloud(code, message, remedy, module.tenant, *module.at, *field)


def _twice(module: Module, taken: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """Names that are another's: of storage in all of Azure, of the rest in the subscription. A
    resource group with two workspaces has one budget for both."""
    spec = module.workspace
    group = f"{spec.subscription}/{spec.resource_group}".lower()
    for name, key, what, field in (
        (spec.resource_group, group, "resource group", "resourceGroup"),
        (spec.storage_account, spec.storage_account, "storage account", "storageAccount"),
        (
            spec.audit_storage_account,
            spec.audit_storage_account,
            "storage account",
            "auditStorageAccount",
        ),
    ):
        if name is None or key is None:
            continue
        mine = f"{module.scope} {field}"
        other = taken.setdefault((what, key), mine)
        if other != mine:
            message = f"`{name}` would be the {what} of `{other.partition(' ')[0]}` too"
            yield _at(module, "QG979", message, "give each its own", field)


def _silent(module: Module) -> Iterator[Finding]:
    """What the configuration says of a workspace and nothing does."""
    spec = module.workspace
    if module.results is not None and spec.storage_account is None:
        message = f"the workspace of `{module.scope}` has no storage that forgets its results"
        remedy = "name an account in `storageAccount`"
        yield _at(module, "QG980", message, remedy, "workspace")
    if module.audit is not None and spec.audit_storage_account is None:
        message = f"the record of who did what in `{module.scope}` is kept as long as a Log "
        remedy = "name an account in `auditStorageAccount`"
        message += "Analytics workspace that is not in the configuration keeps it"
        yield _at(module, "QG980", message, remedy, "workspace")
    for name in sorted(set(spec.providers) - set(module.providers)):
        message = f"no job of `{module.scope}` may use a device of `{name}`: it is left out"
        remedy = "remove the provider, or name a backend of it in an environment"
        yield _at(module, "QG980", message, remedy, "providers", name)


def _money(module: Module) -> Iterator[Finding]:
    """What Azure cannot be told of budgets."""
    if not module.providers:
        return
    near = [b for b in budgets_near(module.model, module.tenant.name) if b.stop_micros is not None]
    known = amount(module)
    if known is not None and len(warnings(known[1])) > MOST_WARNINGS:
        first = near[0].source
        shares = ", ".join(f"{each}%" for each in warnings(known[1]))
        yield refused(
            "QG978",
            f"the budget of `{module.scope}` warns at {shares}, and Azure keeps {MOST_WARNINGS}",
            "warn at fewer shares: 100% is one of them",
            first.origin,
            first.document,
        )
    elif known is not None and known[0] == 0:
        unit = currency(module)
        message = f"the budget of `{module.scope}` is less than one {unit}, and Azure counts in "
        message += "whole units: it warns of nothing"
        remedy = "write a larger budget"
        first = near[0].source
        yield refused("QG980", message, remedy, first.origin, first.document)
    elif known is None and near and _no_rate(module):
        unit = currency(module)
        message = f"`{module.scope}` is billed in {unit}, which has no rate: Azure warns of nothing"
        remedy = f"write the rate of {unit} in `exchangeRates`"
        yield _at(module, "QG980", message, remedy, "billingCurrency")
    elif others := _uncounted(module, known):
        fact = others[0].source
        where = f"of nothing of `{module.scope}`"
        if known is not None:
            where = f"`{module.scope}` only of what may be spent {period(known[1].period).words}"
        yield refused(
            "QG980",
            f"Azure counts nothing {period(others[0].period or MONTH).words}, so it warns {where}",
            "write a budget with `stopAt` for the tenant, monthly, quarterly or yearly; this one "
            "is the gateway's alone",
            fact.at("budget", "period"),
            fact.document,
        )
    elif known is None:
        message = f"no budget with a hard stop bounds all of `{module.scope}`, so Azure warns of "
        remedy = "write a budget with `stopAt` for the tenant"
        yield _at(module, "QG980", f"{message}nothing", remedy)


def _uncounted(module: Module, known: tuple[int, Cap] | None) -> list[Budget]:
    allowed = None if known is None else known[1]
    return uncounted(module.model, module.tenant.name, module.projects[0], allowed)


def _no_rate(module: Module) -> bool:
    spec = module.model.organization.spec
    return currency(module) not in (spec.currency, *spec.exchange_rates)


def _unknown(module: Module) -> Iterator[Finding]:
    """Workloads that no credential can know."""
    for binding in module.bindings:
        if not is_workload(binding.principal):
            continue
        known = module.model.workloads[name_of(binding.principal)]
        problem = distrust(known)
        if binding.eligible is not None:
            problem = "it holds this just-in-time, and nobody activates it for a workload"
        if problem is not None:
            yield at_binding(
                "QG980",
                f"no identity of Azure is given `{binding.role}` for `{known.id}`: {problem}",
                "say exactly who it is in `federation`, or let it go through the gateway",
                binding,
            )


def _confined(module: Module) -> Iterator[Finding]:
    """Bindings to some devices of a workspace, all of which a role of Azure would open."""
    for binding in confined(module):
        known = module.model.workload_of(binding.principal)
        if known is not None and (binding.eligible is not None or distrust(known) is not None):
            continue  # that is told already
        others = sorted(module.devices - module.devices_of(binding.scope))
        names = ", ".join(f"`{name}`" for name in others)
        yield at_binding(
            "QG980",
            f"`{name_of(binding.principal)}` is given no role of Azure for `{binding.role}` at "
            f"`{binding.scope}`, which would open {names} as well: it goes through the gateway",
            "give the environment a workspace of its own in `clouds.azure.environments`",
            binding,
        )


def _not_activated(module: Module) -> Iterator[Finding]:
    """Bindings whose terms a workspace cannot hold."""
    for given, asked in sorted(terms(module).items()):
        if asked is not None:
            continue
        title = GIVEN[given].title
        for binding in _eligible(module, given):
            terms_of = binding.eligible
            assert terms_of is not None
            yield at_binding(
                "QG980",
                f"nobody may activate {title} in `{module.scope}` through `{binding.role}`: a "
                "workspace has one set of approvers for all, and activations of at least 30 "
                "minutes",
                "let the bindings of the workspace name the same approvers, or give the "
                "environment a workspace of its own",
                binding,
            )


def _eligible(module: Module, given: str) -> Iterable[Binding]:
    """The just-in-time bindings of groups that would give a role of Azure."""
    needed = GIVEN[given].permissions
    return [
        b
        for b in module.bindings
        if b.eligible is not None
        and is_group(b.principal)
        and needed <= set(module.model.roles[b.role].permissions)
    ]


def _without_target(model: AccessModel) -> Iterator[Finding]:
    for name, fact in model.organization.backends.items():
        if fact.value.cloud == "azure" and provider_of(model, name) is None:
            yield refused(
                "QG980",
                f"Azure cannot be told of `{name}`, which has no target of Azure Quantum: its "
                "provider is in no workspace",
                "write the target, such as `ionq.qpu.forte-1`, in `target`",
                fact.origin,
                fact.document,
            )
