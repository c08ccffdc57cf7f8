"""What Google Quantum Engine enforces, control by control."""

from __future__ import annotations

from typing import Final

from qgov.targets.control import Controls, Kind, gateway, native, nobody, partly

__all__ = ["CONTROLS"]

_BY_HAND: Final = "access is not billed, and IAM is told nothing of it"

CONTROLS: Final[Controls] = {
    Kind.ACCESS: partly("Google's list of people, kept by hand"),
    Kind.DEVICE: partly("what Google lets the project see, kept by hand"),
    Kind.RESIDENCY: gateway("the processor stands where it stands"),
    Kind.WORKLOAD: native(
        "a workload identity pool that takes exactly the subjects that are known"
    ),
    Kind.ELEVATION: nobody("an entry of the list has no end: it is taken off by hand"),
    Kind.SECOND_FACTOR: gateway(_BY_HAND),
    Kind.SIGN_IN_AGE: gateway(_BY_HAND),
    Kind.MANAGED_DEVICE: gateway(_BY_HAND),
    Kind.COUNTRY: gateway(_BY_HAND),
    Kind.OWN_JOBS: nobody("who is in the project reads all of them"),
    Kind.OWN_RESULTS: nobody("who is in the project reads all of them"),
    Kind.JOB_SIZE: partly("Google's own: 1.5 million shots and 5 minutes, outside of reservations"),
    Kind.MONEY: gateway(_BY_HAND),
    Kind.QUOTAS: gateway(_BY_HAND),
    Kind.APPROVALS: gateway(_BY_HAND),
    Kind.RETENTION: nobody("programs and jobs live until they are deleted"),
    Kind.INPUTS: nobody("programs and jobs live until they are deleted"),
    Kind.AUDIT: partly(
        "the logs of all services of the project; whether Quantum Engine writes any is not "
        "documented"
    ),
}
