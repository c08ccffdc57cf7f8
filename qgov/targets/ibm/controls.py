"""What IBM Quantum enforces, control by control."""

from __future__ import annotations

from typing import Final

from qgov.targets.control import Controls, Kind, gateway, native, nobody, partly

__all__ = ["CONTROLS"]

_PROVIDER: Final = "or the identity provider's own conditions"
_NO_OWNER: Final = "IBM sees no owner and no project"

CONTROLS: Final[Controls] = {
    Kind.ACCESS: native(
        "an access group for each role and scope, with a custom role at each instance"
    ),
    Kind.DEVICE: partly(
        "an instance has the devices that its environments name; inside it IBM tells no device "
        "from another"
    ),
    Kind.RESIDENCY: native("an instance has one region"),
    Kind.WORKLOAD: partly(
        "a service id, which a key proves: IBM trusts no token of another issuer"
    ),
    Kind.ELEVATION: native("an approved elevation is a group whose policy IBM holds to its window"),
    Kind.SECOND_FACTOR: gateway(_PROVIDER),
    Kind.SIGN_IN_AGE: native("a dynamic rule lets people in for one hour to 24"),
    Kind.MANAGED_DEVICE: gateway(_PROVIDER),
    Kind.COUNTRY: gateway(_PROVIDER),
    Kind.OWN_JOBS: gateway(_NO_OWNER),
    Kind.OWN_RESULTS: gateway(_NO_OWNER),
    Kind.JOB_SIZE: gateway("IAM has no condition for any of them"),
    Kind.MONEY: partly("a limit of each instance, in seconds of its whole life or of 28 days"),
    Kind.QUOTAS: gateway("IBM knows the seconds of an instance"),
    Kind.APPROVALS: gateway("IBM asks nobody about a job"),
    Kind.RETENTION: nobody("results live as long as IBM keeps a job"),
    Kind.INPUTS: nobody("they live as long as IBM keeps a job"),
    Kind.AUDIT: partly(
        "a route of all audit events; IBM tells of jobs that are read, made and deleted, and not "
        "of those that are cancelled"
    ),
}
