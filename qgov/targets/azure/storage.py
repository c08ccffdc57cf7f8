"""`storage.tf` and `audit.tf`: where results and the record of who did what lie, and for how
long."""

from __future__ import annotations

from typing import Final

from qgov.language.kinds.tenant import Retention
from qgov.targets.azure.module import Module, resource
from qgov.targets.cloud import KEPT
from qgov.targets.hcl import Block, Ref, Value

__all__ = ["audit", "storage", "stores"]

_DAY_S: Final = 86_400
_RECORDS: Final = "insights-logs-auditevent"  # the container that diagnostic settings write to
_LOOKS: Final = ("StorageDelete", "StorageRead", "StorageWrite")


def stores(module: Module) -> tuple[str, ...]:
    """The stores that the tenant's own keys encrypt."""
    spec = module.workspace
    kept = (
        module.results if spec.storage_account is not None else None,
        module.audit if spec.audit_storage_account is not None else None,
    )
    return tuple(sorted({each.store for each in kept if each and module.own_key(each)}))


def storage(module: Module) -> list[Block]:
    """The account for results. Azure Quantum makes a container in it for each job."""
    name, kept = module.workspace.storage_account, module.results
    if name is None:
        return []
    locked: tuple[Block, ...] = ()
    if kept is not None and module.is_immutable(kept):
        lock: dict[str, Value] = {
            "allow_protected_append_writes": True,
            "period_since_creation_in_days": _days(kept),
            "state": "Locked",
        }
        locked = (Block("immutability_policy", (), lock),)
    found = [_account(module, "results", name, kept, *locked)]
    return [*found, _expiry("results", kept, "blockBlob")] if kept else found


def audit(module: Module) -> list[Block]:
    """Every job that is submitted, changed or cancelled, and every look at a result."""
    name, kept = module.workspace.audit_storage_account, module.audit
    if name is None:
        to: dict[str, Value] = {"log_analytics_workspace_id": Ref("var.log_analytics_workspace_id")}
        return _settings(module, to)
    to = {"storage_account_id": Ref("azurerm_storage_account.audit.id")}
    found = [
        _account(module, "audit", name, kept),
        resource(
            "storage_container",
            "records",
            {
                "name": _RECORDS,
                "storage_account_id": Ref("azurerm_storage_account.audit.id"),
                "container_access_type": "private",
            },
            KEPT,
        ),
    ]
    if kept is not None and module.is_immutable(kept):
        # Records are appended to, hour by hour.
        lock: dict[str, Value] = {
            "storage_container_resource_manager_id": Ref("azurerm_storage_container.records.id"),
            "immutability_period_in_days": _days(kept),
            "protected_append_writes_enabled": True,
            "locked": True,
        }
        found.append(resource("storage_container_immutability_policy", "records", lock))
    if kept is not None:
        found.append(_expiry("audit", kept, "appendBlob"))
    return found + _settings(module, to)


def _settings(module: Module, to: dict[str, Value]) -> list[Block]:
    found = [
        resource(
            "monitor_diagnostic_setting",
            "workspace",
            {"name": "qgov", "target_resource_id": Ref("azapi_resource.workspace.id"), **to},
            Block("enabled_log", (), {"category": "AuditEvent"}),
        )
    ]
    if (name := module.workspace.storage_account) is not None:
        blobs = f"{module.group}/providers/Microsoft.Storage/storageAccounts/{name}"
        found.append(
            resource(
                "monitor_diagnostic_setting",
                "results",
                {
                    "name": "qgov",
                    "target_resource_id": f"{blobs}/blobServices/default",
                    **to,
                    "depends_on": [Ref("azurerm_storage_account.results")],
                },
                *(Block("enabled_log", (), {"category": look}) for look in _LOOKS),
            )
        )
    return found


def _account(
    module: Module, label: str, name: str, kept: Retention | None, *blocks: Block
) -> Block:
    """An account that nobody reads in passing, with copies in its own region alone."""
    encrypted: tuple[Block, ...] = ()
    if kept is not None and module.own_key(kept):
        identity = Ref("var.key_identity_id")
        key: dict[str, Value] = {
            "key_vault_key_id": Ref("var.key_ids", kept.store),
            "user_assigned_identity_id": identity,
        }
        encrypted = (
            Block("identity", (), {"type": "UserAssigned", "identity_ids": [identity]}),
            Block("customer_managed_key", (), key),
        )
    return resource(
        "storage_account",
        label,
        {
            "name": name,
            "resource_group_name": module.workspace.resource_group,
            "location": module.workspace.location,
            "account_tier": "Standard",
            "account_replication_type": "LRS",
            "allow_nested_items_to_be_public": False,
            "cross_tenant_replication_enabled": False,
            "default_to_oauth_authentication": True,
            "https_traffic_only_enabled": True,
            "local_user_enabled": False,
            "min_tls_version": "TLS1_2",
        },
        Block("blob_properties", (), {"versioning_enabled": label == "results"}),
        *encrypted,
        *blocks,
        KEPT,
    )


def _days(kept: Retention) -> int:
    return -(-kept.keep // _DAY_S)


def _expiry(label: str, kept: Retention, blobs: str) -> Block:
    """What is as old as it may be goes, and what was changed or deleted goes for good."""
    base = {"delete_after_days_since_creation_greater_than": _days(kept)}
    actions = [Block("base_blob", (), base)]
    if label == "results":
        actions += [
            Block("snapshot", (), {"delete_after_days_since_creation_greater_than": 1}),
            Block("version", (), {"delete_after_days_since_creation": 1}),
        ]
    return resource(
        "storage_management_policy",
        label,
        {"storage_account_id": Ref(f"azurerm_storage_account.{label}.id")},
        Block(
            "rule",
            (),
            {"name": "retention", "enabled": True},
            (
                Block("filters", (), {"blob_types": [blobs]}),
                Block("actions", (), {}, tuple(actions)),
            ),
        ),
    )
