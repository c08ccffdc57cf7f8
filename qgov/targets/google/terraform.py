"""The Terraform of a project: its service, who its workloads are, and what is audited."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from qgov.model.access_model import Workload
from qgov.targets.cloud import head
from qgov.targets.google.module import POOL, Module, member_of
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = ["SCHEMA_VERSIONS", "audit", "federation", "versions"]

SCHEMA_VERSIONS: Final = {"google": "7.45.0"}
"""The version of hashicorp's provider whose schema the resources are written for."""

_SERVICE: Final = "quantum.googleapis.com"
_LOGS: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


def versions(module: Module) -> list[Block]:
    """`versions.tf`: Terraform, the provider, and the service of the project."""
    return [
        *head(SCHEMA_VERSIONS, {"google": "hashicorp/google"}),
        Block("provider", ("google",), {"project": module.project.project}),
        _resource("project_service", "quantum", {"service": _SERVICE, "disable_on_destroy": False}),
    ]


def audit(_: Module) -> list[Block]:
    """`audit.tf`: the logs of all services of the project. Whether Quantum Engine writes any is
    not documented; that of the federation are."""
    logs = tuple(Block("audit_log_config", (), {"log_type": kind}) for kind in _LOGS)
    return [
        _resource(
            "project_iam_audit_config",
            "all",
            {"project": Ref("google_project_service.quantum.project"), "service": "allServices"},
            *logs,
        )
    ]


def federation(module: Module) -> list[Block]:
    """`federation.tf`: a service account for each workload, which only who brings its token may
    act as. Nothing is given to it here: Google's list does that."""
    if not module.workloads:
        return []
    pool = _resource("iam_workload_identity_pool", "qgov", {"workload_identity_pool_id": POOL})
    tokens: dict[tuple[str, str], list[str]] = defaultdict(list)
    for known in module.workloads:
        assert known.issuer is not None
        assert known.audience is not None
        tokens[known.issuer, known.audience].append(str(known.subject))
    return [
        pool,
        *(_provider(*token, subjects) for token, subjects in sorted(tokens.items())),
        *(block for known in module.workloads for block in _account(module, known)),
    ]


def _provider(issuer: str, audience: str, subjects: list[str]) -> Block:
    """An issuer and audience, and exactly the subjects that are known of them."""
    name = "q" + hashlib.sha256(f"{issuer}\0{audience}".encode()).hexdigest()[:24]
    exactly = ", ".join(json.dumps(subject) for subject in sorted(set(subjects)))
    return _resource(
        "iam_workload_identity_pool_provider",
        name,
        {
            "workload_identity_pool_id": Ref(
                "google_iam_workload_identity_pool.qgov.workload_identity_pool_id"
            ),
            "workload_identity_pool_provider_id": name,
            "attribute_mapping": {"google.subject": "assertion.sub"},
            "attribute_condition": f"assertion.sub in [{exactly}]",
        },
        Block("oidc", (), {"issuer_uri": issuer, "allowed_audiences": [audience]}),
    )


def _account(module: Module, known: Workload) -> Iterator[Block]:
    place = address("workload", known.spec.name)
    yield _resource(
        "service_account", place, {"account_id": known.spec.name, "description": known.id}
    )
    yield _resource(
        "service_account_iam_member",
        place,
        {
            "service_account_id": Ref(f"google_service_account.{place}.name"),
            "role": "roles/iam.workloadIdentityUser",
            "member": member_of(module, known),
        },
    )


def _resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    return Block("resource", (f"google_{kind}", name), attributes, blocks)
