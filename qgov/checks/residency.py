"""Where jobs and records are, and who runs the machines: QG75x."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import (
    SENSITIVE,
    at_backend,
    at_project,
    at_record,
    classified,
    found_at,
    projects,
    records,
    strictest,
    uses,
)
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Environment, Tenant
from qgov.model.accesses import ON_PREMISES, backends_of

_YEAR: Final = 365 * 86_400
_EU: Final = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
_COUNTRIES: Final = {
    "eu": _EU,
    "eea": _EU | {"IS", "LI", "NO"},
    "uk": frozenset({"GB"}),
}
"""Countries of the jurisdictions that are not themselves a country's code."""
_REGIONS: Final = {
    ("braket", "us-east-1"): "us",
    ("braket", "us-west-1"): "us",
    ("braket", "us-west-2"): "us",
    ("braket", "eu-north-1"): "eu",
    ("braket", "eu-west-2"): "uk",
    ("ibm", "us-east"): "us",
    ("ibm", "eu-de"): "eu",
}
"""Where the regions with quantum devices are (Amazon Braket and IBM Quantum, November 2026)."""


@rule("QG751", Severity.ERROR, "residency", guide=guide.VENDORS)
def backend_outside_residency(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """An environment names a backend that processes jobs outside the tenant's residency.

    Circuits and parameters can be as sensitive as the data they come from; such a job is
    always denied.

    Remedy: remove the backend, or add its jurisdiction to the tenant's `residency`.
    """
    where = {n: b.value.jurisdiction for n, b in model.organization.backends.items()}
    for tenant, environment, backend in uses(model, where):
        place = where[backend]
        if place not in tenant.residency and place != ON_PREMISES:
            message = (
                f"jobs on `{backend}` are processed in `{place}`, "
                f"outside the residency of `{tenant.name}`"
            )
            yield at_backend(tenant, environment, backend, message)


@rule("QG752", Severity.ERROR, "residency", "data-retention", guide=guide.VENDORS)
def store_outside_residency(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant's records are kept outside its residency.

    Where logs and results are stored is the first question about data residency.

    Remedy: name a store inside the residency.
    """
    where = {n: s.value.jurisdiction for n, s in model.organization.stores.items()}
    for tenant, name, retention in records(model):
        place = where.get(retention.store, ON_PREMISES)
        for scope, own in _narrower(tenant):
            if place in tenant.residency and place not in own and place != ON_PREMISES:
                message = f"{name} are kept in `{place}`, outside the residency of `{scope}`"
                yield at_record(tenant, name, "store", message)
        if place not in tenant.residency and place != ON_PREMISES:
            message = f"{name} are kept in `{place}`, outside the residency of `{tenant.name}`"
            yield at_record(tenant, name, "store", message)


def _narrower(tenant: Tenant) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The projects with a residency of their own, and where their data may be."""
    for environment in tenant.environments.values():
        for project, own in environment.residency.items():
            yield f"{environment.scope}/{project}", own


@rule("QG759", Severity.ERROR, "residency", guide=guide.VENDORS)
def residency_wider_than_tenant(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A project's residency has a jurisdiction that its tenant's has not.

    The narrower of both decides, so that it allows nothing there.

    Remedy: remove the jurisdiction from the project's `residency`, or add it to the tenant's.
    """
    for tenant in model.tenants.values():
        for name, index, project in projects(tenant):
            outside = {*(project.residency or ())} - {*tenant.residency, ON_PREMISES}
            for place in sorted(outside):
                message = (
                    f"the data of `{project.name}` may be in `{place}`, that of "
                    f"`{tenant.name}` may not"
                )
                at = ("environments", name, "projects", index, "residency")
                yield found_at(tenant.source, message, *at)


@rule("QG760", Severity.WARNING, "residency", guide=guide.VENDORS)
def residency_that_no_cloud_tells(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A project may not use a backend of its environment, and its cloud knows no projects.

    The gateway holds the project's residency. Whoever reaches the cloud by its own rights for
    another project of the environment may send this one's data there too.

    Remedy: give the project an environment with an account of its own.
    """
    for tenant, environment, backend in uses(model, model.organization.backends):
        if not environment.residency:
            continue
        cloud = model.organization.backends[backend].value.cloud
        if getattr(tenant.spec.clouds, cloud, None) is None:
            continue
        shut = {
            project
            for project in environment.residency
            if backend not in backends_of(model, environment, f"{environment.scope}/{project}")
        }
        for project in sorted(shut) if shut < {*environment.projects} else ():
            if backend in backends_of(model, environment):
                message = (
                    f"`{project}` may not use `{backend}`, which others of {environment.scope} "
                    f"use: the cloud `{cloud}` tells no projects apart"
                )
                yield at_project(tenant, environment, project, message)


@rule("QG753", Severity.ERROR, "residency", "assessment", guide=guide.VENDORS)
def residency_wider_than_framework(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A tenant's residency is wider than a framework that binds it allows.

    The narrower obligation decides.

    Remedy: remove the jurisdictions from `residency`.
    """
    allowed = {
        n: set(f.value.residency) | {ON_PREMISES}
        for n, f in model.organization.frameworks.items()
        if f.value.residency is not None
    }
    for tenant in model.tenants.values():
        for framework in tenant.spec.frameworks:
            outside = set(tenant.residency) - allowed.get(framework, set(tenant.residency))
            for place in sorted(outside):
                yield found_at(
                    tenant.source,
                    f"`{framework}` does not allow data of `{tenant.name}` in `{place}`",
                    "residency",
                )


@rule("QG754", Severity.WARNING, "vendor-risk", guide=guide.VENDORS)
def vendor_review_overdue(model: AccessModel, now: datetime) -> Iterator[Found]:
    """A vendor's risk review is overdue, or dated in the future.

    Identity, control plane and execution each add a third party that somebody must know.

    Remedy: review the vendor, and write the day into `reviewed`.
    """
    today = now.date()
    for name, vendor in model.organization.vendors.items():
        late = (today - vendor.value.reviewed).days * 86_400 - vendor.value.review_every
        if late > 0:
            message = f"the risk review of `{name}` was due {format_duration(late)} ago"
            yield found_at(vendor, message, "reviewed")
        elif vendor.value.reviewed > today:
            yield found_at(vendor, f"the risk review of `{name}` lies in the future", "reviewed")


@rule("QG755", Severity.WARNING, "vendor-risk", guide=guide.VENDORS)
def rare_vendor_review(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A vendor's risk is reviewed less than once a year.

    Subprocessors and locations change within a year.

    Remedy: set `reviewEvery` to a year or less.
    """
    for name, vendor in model.organization.vendors.items():
        if vendor.value.review_every > _YEAR:
            yield found_at(
                vendor,
                f"the risk of `{name}` is reviewed every "
                f"{format_duration(vendor.value.review_every)}",
                "reviewEvery",
            )


@rule("QG756", Severity.WARNING, "vendor-risk", "residency", guide=guide.VENDORS)
def vendor_outside_residency(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Confidential or regulated jobs run with a vendor, or through a cloud, from outside the
    tenant's residency.

    Both see the jobs, and each answers to the law of its own country, wherever its machines
    stand.

    Remedy: choose a backend whose vendor and cloud are inside the residency, or waive this and
    say on what basis.
    """
    vendors = model.organization.vendors
    seats = {
        name: {"run by a vendor": vendor.value.country, "reached through a cloud": operator}
        for name, backend in model.organization.backends.items()
        if (vendor := vendors.get(backend.value.vendor)) is not None
        for operator in (_OPERATORS.get(backend.value.cloud, ""),)
    }
    handled = classified(model)
    for tenant, environment, backend in uses(model, seats):
        if handled[tenant.name] not in SENSITIVE:
            continue
        where = model.organization.backends[backend].value.jurisdiction
        for what, classification, residency in _handling(tenant, environment, where):
            if classification not in SENSITIVE:
                continue
            if (covered := _countries(residency)) is None:
                continue
            outside = [
                f"{how} of {seat}"
                for how, seat in seats[backend].items()
                if seat and seat not in covered
            ]
            if outside:
                message = f"`{backend}` is {' and '.join(outside)}, outside the residency of {what}"
                yield at_backend(tenant, environment, backend, message)


def _handling(
    tenant: Tenant, environment: Environment, where: str
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(what, its classification, its residency) of the tenant, and of each project that says more
    than it and whose jobs may run in a jurisdiction."""
    whole = tenant.spec.classification
    yield f"`{tenant.name}`", whole, tenant.residency
    for project in tenant.spec.environments[environment.name].projects:
        own = environment.residency.get(project.name, tenant.residency)
        said = strictest(whole, project.classification)
        if (said, own) != (whole, tenant.residency) and where in (*own, ON_PREMISES):
            yield f"`{environment.scope}/{project.name}`", said, own


_OPERATORS: Final = {
    **dict.fromkeys(("braket", "azure", "ibm", "google", "ionq", "quantinuum", "rigetti"), "US"),
    "iqm": "FI",
}
"""The seat of who operates each cloud."""


def _countries(jurisdictions: tuple[str, ...]) -> frozenset[str] | None:
    """The countries of some jurisdictions, or None when one of them is not known."""
    found: set[str] = set()
    for jurisdiction in jurisdictions:
        if jurisdiction in _COUNTRIES:
            found |= _COUNTRIES[jurisdiction]
        elif len(jurisdiction) == 2:
            found.add(jurisdiction.upper())
        elif jurisdiction != ON_PREMISES:
            return None
    return frozenset(found)


@rule("QG757", Severity.ERROR, "residency", guide=guide.VENDORS)
def cloud_on_premises(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A backend of a cloud says that it is on the premises.

    On-premises lies inside every residency, so the word opens each of them.

    Remedy: write the jurisdiction in which the cloud processes the jobs.
    """
    for name, backend in model.organization.backends.items():
        if backend.value.jurisdiction == ON_PREMISES and backend.value.cloud != "local":
            yield found_at(
                backend,
                f"`{name}` is in the cloud `{backend.value.cloud}` and says "
                "that it is on the premises",
                "jurisdiction",
            )


@rule("QG758", Severity.ERROR, "residency", guide=guide.VENDORS)
def region_elsewhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A backend's region is not in the jurisdiction that it states.

    Residency is decided by the jurisdiction; a wrong one lets data out unseen.

    Remedy: write the jurisdiction of the region.
    """
    for name, backend in model.organization.backends.items():
        place = _REGIONS.get((backend.value.cloud, backend.value.region))
        said = _countries((backend.value.jurisdiction,))
        if place is None or said is None or backend.value.jurisdiction == ON_PREMISES:
            continue
        if not said & (_countries((place,)) or frozenset()):
            yield found_at(
                backend,
                f"`{name}` is in the region `{backend.value.region}`, which "
                f"is not in `{backend.value.jurisdiction}`",
                "jurisdiction",
            )
