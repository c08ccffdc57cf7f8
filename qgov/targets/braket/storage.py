"""`storage.tf` and `trail.tf`: where results and the record of who did what lie, and for how
long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qgov.language.kinds.tenant import Retention
from qgov.targets.braket.module import Module, policy_file, resource
from qgov.targets.cloud import KEPT
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = ["storage", "stores", "trail"]

_DAY_S: Final = 86_400
_AWS_KEY: Final = {"sse_algorithm": "AES256"}


def storage(module: Module) -> list[Block]:
    """A bucket for results in each region of the tenant's devices."""
    kept = module.tenant.spec.retention.results
    return [
        block
        for region, bucket in module.buckets.items()
        for block in _bucket(module, address("results", region), bucket, region, kept)
    ]


def stores(module: Module) -> tuple[str, ...]:
    """The stores that the tenant's own keys encrypt."""
    plan, known = module.tenant.spec.retention, module.model.organization.stores
    kept = [plan.results if module.buckets else None, plan.audit_logs]
    names = {each.store for each in kept if each is not None}
    return tuple(
        sorted(n for n in names if n in known and known[n].value.encryption == "customer-key")
    )


def _bucket(
    module: Module, name: str, bucket: str, region: str, kept: Retention | None
) -> list[Block]:
    """A bucket that nobody reads in passing, with the retention of its store."""
    here: Mapping[str, Value] = {"bucket": Ref(f"aws_s3_bucket.{name}.id"), "region": region}
    store = module.model.organization.stores.get(kept.store) if kept else None
    immutable = store is not None and store.value.immutable
    encryption: dict[str, Value] = dict(_AWS_KEY)
    if kept is not None and kept.store in stores(module):
        encryption = {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": _key(kept, region),
        }
    default = Block("apply_server_side_encryption_by_default", (), encryption)
    found = [
        resource(
            "s3_bucket",
            name,
            {"bucket": bucket, "region": region, "object_lock_enabled": immutable},
            KEPT,
        ),
        resource(
            "s3_bucket_public_access_block",
            name,
            {
                **here,
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        ),
        resource(
            "s3_bucket_server_side_encryption_configuration",
            name,
            here,
            Block("rule", (), {"bucket_key_enabled": True}, (default,)),
        ),
        resource(
            "s3_bucket_versioning",
            name,
            here,
            Block("versioning_configuration", (), {"status": "Enabled"}),
        ),
    ]
    if kept is None:
        return found
    days = -(-kept.keep // _DAY_S)
    if immutable:
        lock = Block("default_retention", (), {"mode": "COMPLIANCE", "days": days})
        versioned = {"depends_on": [Ref(f"aws_s3_bucket_versioning.{name}")]}
        found.append(
            resource(
                "s3_bucket_object_lock_configuration",
                name,
                {**here, **versioned},
                Block("rule", blocks=(lock,)),
            )
        )
    found.append(resource("s3_bucket_lifecycle_configuration", name, here, _expiry(days)))
    return found


def _key(kept: Retention, region: str) -> Ref:
    return Ref("var.kms_key_arns", f"{kept.store}:{region}")


def _expiry(days: int) -> Block:
    """What is as old as it may be goes, and what was deleted goes for good."""
    return Block(
        "rule",
        (),
        {"id": "retention", "status": "Enabled"},
        (
            Block("filter"),
            Block("expiration", (), {"days": days}),
            Block("noncurrent_version_expiration", (), {"noncurrent_days": 1}),
            Block("abort_incomplete_multipart_upload", (), {"days_after_initiation": 1}),
        ),
    )


def trail(module: Module) -> list[Block]:
    """Every call to AWS in the account, and every look at a result, for as long as audit logs
    are kept."""
    name, kept = "trail", module.tenant.spec.retention.audit_logs
    key: dict[str, Value] = {}
    if kept is not None and kept.store in stores(module):
        key["kms_key_id"] = _key(kept, module.home)
    data = [f"arn:aws:s3:::{bucket}/" for bucket in sorted(module.buckets.values())]
    selector: dict[str, Value] = {"include_management_events": True, "read_write_type": "All"}
    objects = Block("data_resource", (), {"type": "AWS::S3::Object", "values": data})
    return [
        *_bucket(module, name, module.trail_bucket, module.home, kept),
        resource(
            "s3_bucket_policy",
            name,
            {
                "bucket": Ref(f"aws_s3_bucket.{name}.id"),
                "region": module.home,
                "policy": policy_file("trail-bucket"),
            },
        ),
        resource(
            "cloudtrail",
            name,
            {
                "name": module.trail_name,
                "region": module.home,
                "s3_bucket_name": Ref(f"aws_s3_bucket.{name}.id"),
                "is_multi_region_trail": True,
                "include_global_service_events": True,
                "enable_log_file_validation": True,
                **key,
                "depends_on": [Ref(f"aws_s3_bucket_policy.{name}")],
            },
            Block("event_selector", (), selector, (objects,) if data else ()),
            KEPT,
        ),
    ]
