"""What Amazon Braket enforces, control by control."""

from __future__ import annotations

from typing import Final

from qgov.language.periods import campaign_of
from qgov.model import caps
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.accesses import backends_of
from qgov.model.tenants import aws_accounts
from qgov.targets.braket.devices import device
from qgov.targets.control import Control, Controls, Kind, gateway, native, nobody, partly

__all__ = ["CONTROLS"]


def _money(model: AccessModel, tenant: Tenant) -> Control:
    projects = [
        f"{environment.scope}/{project}"
        for environment in tenant.environments.values()
        if any(device(model, name) for name in backends_of(model, environment))
        for project in environment.projects
    ]
    names = [name for name in model.organization.backends if device(model, name)]
    allowed = caps.cap(model, tenant.name, [projects], names, campaigns=True)
    if allowed is None or caps.worth(model, "USD") is None:
        if allowed is None and caps.uncounted(model, tenant.name, projects, None, campaigns=True):
            return gateway(
                "AWS counts months, quarters and years, and a time that is said: no window that "
                "rolls on, and not once"
            )
        return gateway("no budget with a hard stop bounds all that the tenant does there")
    if campaign_of(allowed.period) is not None:
        return partly(
            "a spending limit for each QPU, which rejects every task outside of the campaign, and "
            "none for simulators"
        )
    return partly(
        "a spending limit for each QPU, and none for simulators; a budget denies all tasks when "
        "it is spent, hours late"
    )


def _retention(_: AccessModel, tenant: Tenant) -> Control:
    if all(account.results_bucket for _, account, _ in aws_accounts(tenant.spec)):
        return native("buckets with versions and expiry, locked where the store is `immutable`")
    return nobody("no bucket for results is named")


CONTROLS: Final[Controls] = {
    Kind.ACCESS: native(
        "a permission set of IAM Identity Center, or an IAM role, for each role, scope and class "
        "of price"
    ),
    Kind.DEVICE: native("the ARNs in each policy, and a service control policy that denies others"),
    Kind.RESIDENCY: native("the region in the device's ARN, and in the request"),
    Kind.WORKLOAD: native("a role that trusts exactly the `iss`, `sub` and `aud`"),
    Kind.ELEVATION: partly(
        "an IAM role that nobody may assume until the system of elevations lets them, which alone "
        "knows approvers, tickets and the end"
    ),
    Kind.SECOND_FACTOR: partly(
        "in the trust of roles for elevations; sessions of Identity Center show none, and there "
        "it is the identity provider's"
    ),
    Kind.SIGN_IN_AGE: partly("the length of a session, from one hour to twelve"),
    Kind.MANAGED_DEVICE: gateway("or the identity provider's own conditions"),
    Kind.COUNTRY: gateway("or the identity provider's own conditions"),
    Kind.OWN_JOBS: gateway(
        "AWS sees no owner of a task and no project: who may read one may read each whose ARN "
        "they know"
    ),
    Kind.OWN_RESULTS: native("a place for each project and person in the bucket"),
    Kind.JOB_SIZE: gateway("IAM has no condition for any of them"),
    Kind.MONEY: _money,
    Kind.QUOTAS: gateway("AWS knows the account"),
    Kind.APPROVALS: gateway(
        "devices where a task may cost so much take another sign-in, and nobody is asked"
    ),
    Kind.RETENTION: _retention,
    Kind.INPUTS: nobody("they are part of a task, and live as long as AWS keeps it"),
    Kind.AUDIT: native("a CloudTrail of all regions, which only the deploy role can change"),
}
