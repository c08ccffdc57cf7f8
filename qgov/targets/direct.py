"""What people set up in the services of vendors that are reached directly: IonQ, Quantinuum, IQM
and Rigetti.

None has a Terraform provider, so each is a list of steps in `terraform/tenants/<tenant>/<vendor>/`:
whom to let in, what the project may use and spend, and how to read that back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from qgov.finding import Finding
from qgov.language.periods import JOB, MONTH, a_words, period
from qgov.model.access_model import AccessModel, Budget
from qgov.model.scope import matches
from qgov.model.tenants import VENDORS
from qgov.targets.control import Controls, Kind, gateway, nobody, partly
from qgov.targets.origins import BOUND, MONEY, ORGANIZATION
from qgov.targets.parts import Parts, Table
from qgov.targets.refused import at_binding, at_cloud
from qgov.targets.steps import FILE, Steps, Used, by_tenant, read, text
from qgov.targets.target import Access, Files, Target

__all__ = ["FIELDS", "TARGET"]

_FOLDER: Final = "terraform/tenants"
_MICROS: Final = 1_000_000


class _Vendor(Struct, frozen=True):
    """What a vendor's service knows, in words: what a project is called there, what a device is
    restricted by, what a budget is (empty: nothing of the kind is documented), how people are let
    in, and how it is read back."""

    project: str
    devices: str
    money: str
    seconds: str
    people: str
    read_back: tuple[str, ...]


_TABLE: Final = {
    "ionq": _Vendor(
        "project",
        "The project allows the backends",
        "The project's budget is at most",
        "",
        "The project has the members below, and no other; its API keys are theirs.",
        (
            "To read back: `GET /v0.4/whoami` with a key tells its project,",
            "`GET /v0.4/organizations/{id}/usage?group_by=project` what was spent. Everybody in",
            "the project sees all of its jobs, and a job that waits outlives the key it came with.",
        ),
    ),
    "quantinuum": _Vendor(
        "user group",
        "The user group has access to the systems",
        "",
        "",
        "Those below have the role Contributor on the group's projects, and no other has.",
        (
            "To read back: `qnexus` lists roles and quotas (`qnexus.client.roles`,",
            "`qnexus.client.quotas`). Nexus counts HQCs and no money: give each job",
            "`user_group` and `max_cost`.",
        ),
    ),
    "iqm": _Vendor(
        "project",
        "The project uses the quantum computers",
        "The project is given credits for at most",
        "The project is given credits for at most",
        "Those below are members of the organization, and no other.",
        (
            "To read back: the pages of members and of credits in Resonance. Its API of accounts",
            "is not documented.",
        ),
    ),
    "rigetti": _Vendor(
        "group",
        "The group uses the processors",
        "The group is billed for at most",
        "",
        "The group has the members below, and no other.",
        (
            "To read back: the reservations, balance and invoices of the group in QCS. No limit of",
            "its own is documented there.",
        ),
    ),
}

_UNTOLD: Final = "the vendor documents nothing of the kind"
_KEY: Final = "a key of a member, which the gateway has"
_EACH: Final[Controls] = {
    **{kind: gateway(_UNTOLD) for kind in Kind},
    Kind.ACCESS: partly("the members of the project, by `steps.md`"),
    Kind.RESIDENCY: gateway("the device stands where it stands"),
    Kind.WORKLOAD: gateway(_KEY),
    Kind.ELEVATION: nobody("who is a member stays one until somebody takes them off the list"),
    Kind.RETENTION: nobody(_UNTOLD),
    Kind.INPUTS: nobody(_UNTOLD),
    Kind.AUDIT: gateway(_UNTOLD),
}
CONTROLS: Final[dict[str, Controls]] = {
    "ionq": {
        **_EACH,
        Kind.DEVICE: partly("the backends of the project, by `steps.md`"),
        Kind.MONEY: partly("the budget of the project, by `steps.md`"),
        Kind.OWN_JOBS: nobody("who is in the project sees all of its jobs"),
        Kind.OWN_RESULTS: nobody("who is in the project sees all of its jobs"),
    },
    "quantinuum": {
        **_EACH,
        Kind.ACCESS: partly("the role Contributor of a user group, by `steps.md`"),
        Kind.DEVICE: partly("the systems of a user group, by `steps.md`"),
        Kind.JOB_SIZE: partly("`max_cost` of each job, which the caller gives"),
        Kind.MONEY: gateway("Nexus counts HQCs, and no money"),
        Kind.OWN_JOBS: partly("the roles of projects"),
        Kind.OWN_RESULTS: partly("the roles of projects"),
    },
    "iqm": {**_EACH, Kind.MONEY: partly("credits, which are seconds, by `steps.md`")},
    "rigetti": {**_EACH, Kind.MONEY: gateway("the balance is read, and stops nothing")},
}


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {path: text(asked) for path, asked in _outline(model).items()}


def _outline(model: AccessModel) -> dict[str, Steps]:
    return {
        f"{_FOLDER}/{used.tenant.name}/{cloud}/{FILE}": _steps(model, cloud, used)
        for cloud in VENDORS
        for used in by_tenant(model, cloud)
    }


def _steps(model: AccessModel, cloud: str, used: Used) -> Steps:
    vendor, title, owner = _TABLE[cloud], VENDORS[cloud], used.tenant.spec.owner.group
    project = getattr(used.tenant.spec.clouds, cloud).project
    devices = ", ".join(f"`{each}`" for each in used.devices) or "none"
    return Steps(
        f"What `{owner}` sets up at {title}",
        (
            f"Who does it: the owners of the organization at {title}, for the group `{owner}`.",
            "Nothing here is seen by drift detection.",
        ),
        (
            f"The {vendor.project} `{project}` is the tenant's alone.",
            f"{vendor.devices} {devices}, and no other.",
            *_bounds(model, vendor, used),
            *_unheld(model, used),
            vendor.people,
        ),
        dict(sorted((each.key, "") for each in used.listed if not each.endless)),
        vendor.read_back,
    )


def _bounds(model: AccessModel, vendor: _Vendor, used: Used) -> Iterator[str]:
    """What the budgets allow, as far as the vendor counts it."""
    currency = model.organization.spec.currency
    for budget in _budgets(model, used):
        if not all(budget.counts_on(backend) for backend in used.backends):
            continue
        if vendor.money and budget.stop_micros is not None:
            amount = f"{budget.stop_micros / _MICROS:.2f} {currency}"
            when = period(budget.period or MONTH).words
            yield f"{vendor.money} {amount} {when} (budget `{budget.name}`)."
        for quota in budget.quotas if vendor.seconds else ():
            if quota.measure == "qpuSeconds" and quota.window != JOB:
                bound = f"{quota.limit} s of QPU time {a_words(quota.window)}"
                yield f"{vendor.seconds} {bound} (budget `{budget.name}`)."


def _unheld(model: AccessModel, used: Used) -> Iterator[str]:
    """The budgets that no vendor can be told: what it counts is not told apart by device."""
    for budget in _budgets(model, used):
        left = [backend for backend in used.backends if not budget.counts_on(backend)]
        if left:
            held = ", ".join(f"`{name}`" for name in budget.backends)
            yield f"The budget `{budget.name}` is of {held} alone, which the gateway alone holds."


def _budgets(model: AccessModel, used: Used) -> Iterator[Budget]:
    """The budgets of more than a single group that bound a project with a device."""
    name = used.tenant.name
    for budget in (*model.budgets_in.get(name, ()), *model.budgets_in.get("", ())):
        if (
            budget.group is None
            and any(matches(budget.scope, each) for each in used.places)
            and any(budget.counts_on(backend) for backend in used.backends)
        ):
            yield budget


def _unsupported(model: AccessModel) -> list[Finding]:
    """Tenants whose use of a vendor nothing but the gateway stops."""
    found = []
    for cloud, title in VENDORS.items():
        for used in by_tenant(model, cloud):
            found += [
                at_binding(
                    "QG980",
                    f"nobody is asked to let `{each.workload.id}` in at {title}: it holds this "
                    "just-in-time, and nothing there would end it",
                    "let it go through the gateway",
                    each.binding,
                )
                for each in used.listed
                if each.workload is not None and each.endless
            ]
            if used.devices and not list(_bounds(model, _TABLE[cloud], used)):
                found.append(
                    at_cloud(
                        "QG980",
                        f"{title} stops nothing of `{used.tenant.name}`: no budget bounds it in "
                        "what is counted there",
                        "let nobody in but the gateway, or agree on a limit with the vendor",
                        used.tenant,
                        cloud,
                    )
                )
    return found


def _read_back(files: Files) -> frozenset[Access]:
    """Who may submit, by the lists of whom to let in."""
    found: set[Access] = set()
    for path, content in files.items():
        parts = path.split("/")
        if path.startswith(f"{_FOLDER}/") and parts[4:] == [FILE] and parts[3] in VENDORS:
            found.update(read(content))
    return frozenset(found)


_TENANT: Final = "Tenant/{tenant}"
_PROJECT: Final = (f"{_TENANT} spec.clouds.{{cloud}}",)
_DEVICES: Final = (
    *(f"{ORGANIZATION} spec.backends.*.{field}" for field in ("cloud", "jurisdiction", "target")),
    *(
        f"{_TENANT} spec.{field}"
        for field in ("residency", "environments.*.backends", "environments.*.projects")
    ),
    *_PROJECT,
)
FIELDS: Final[Table] = {
    "{tenant} {cloud}": _PROJECT,
    "{tenant} {cloud} about": (f"{_TENANT} spec.owner.group",),
    "{tenant} {cloud} tasks": (
        *_DEVICES,
        *(f"Budget/* spec.{field}" for field in ("backends", "budget", "group", "quotas", "scope")),
        *MONEY,
    ),
    "{tenant} {cloud} people": (
        *BOUND,
        *_DEVICES,
        f"{_TENANT} spec.identityProvider",
        f"{ORGANIZATION} spec.groups.*.identityProvider",
        f"{ORGANIZATION} spec.identityProviders.*.issuer",
        "Role/* spec.permissions",
    ),
}


def _parts(path: str, value: Any) -> dict[str, Any]:
    """A list by tenant and vendor."""
    _, _, tenant, cloud, _ = path.split("/")
    people = {" ".join(key): True for key in value.people}
    tasks = {str(number): task for number, task in enumerate(value.tasks, 1)}
    about = (value.title, *value.about)
    return {tenant: {cloud: {"about": about, "tasks": tasks, "people": people}}}


PARTS: Final = Parts(
    tuple(f"{_FOLDER}/*/{cloud}/*" for cloud in VENDORS),
    _parts,
    FIELDS,
    resource=lambda _: "steps",
)

TARGET = Target("direct", _emit, _unsupported, _read_back, _outline, parts=PARTS, controls=CONTROLS)
