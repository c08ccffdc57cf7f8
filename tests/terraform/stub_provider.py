"""A stub Terraform provider: serves a schema from JSON and accepts every configuration.

Terraform itself checks argument names, types, required arguments and nesting against the
schema of a provider; the provider only adds its own validators. So a process that serves the
true schema is enough for `terraform init`, `validate` and `test` (with `mock_provider`), and
no provider binary is needed. What is lost is what only a provider knows: the values of an
enumeration, arguments that exclude each other, and that a computed attribute may not be set.
A plan against the stub fails, because it implements no resource.

It speaks plugin protocol 6 (docs/plugin-protocol/tfplugin6.8.proto in Terraform's source).
The requests are never looked at and all replies but one are empty messages, so that one, the
schema, is encoded by hand: see `message`. The path of the JSON is in `QGOV_STUB_SCHEMA`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

# The fields of the messages that are sent, with their numbers in the protocol.
RESPONSE = {"provider": 1, "resource_schemas": 2, "data_source_schemas": 3}
RESOURCE_SCHEMA = {"key": 1, "value": 2}
SCHEMA = {"version": 1, "block": 2}
BLOCK = {"attributes": 2, "block_types": 3, "deprecated": 6}
NESTED_BLOCK = {"type_name": 1, "block": 2, "nesting": 3, "min_items": 4, "max_items": 5}
OBJECT = {"attributes": 1, "nesting": 3}
ATTRIBUTE = {"name": 1, "type": 2, "nested_type": 10}
FLAGS = {
    "required": 4,
    "optional": 5,
    "computed": 6,
    "sensitive": 7,
    "deprecated": 9,
    "write_only": 11,
}
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}

# The calls that are answered with an empty message: no diagnostics, nothing to say.
EMPTY_REPLIES = (
    "ValidateProviderConfig",
    "ValidateResourceConfig",
    "ValidateDataResourceConfig",
    "ValidateEphemeralResourceConfig",
    "ConfigureProvider",
    "StopProvider",
)


def varint(number: int) -> bytes:
    """Encode a number as protobuf does: seven bits per byte, lowest first."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def message(numbers: Mapping[str, int], **fields: bytes | str | int | list[bytes]) -> bytes:
    """Encode a protobuf message; `numbers` gives the field number of each name."""
    encoded = b""
    for name, field in fields.items():
        for value in field if isinstance(field, list) else [field]:
            if isinstance(value, int):
                encoded += varint(numbers[name] << 3) + varint(value)
            else:
                data = value.encode() if isinstance(value, str) else value
                encoded += varint(numbers[name] << 3 | 2) + varint(len(data)) + data
    return encoded


def attribute(name: str, spec: Mapping[str, Any]) -> bytes:
    """Encode one attribute, whose type is a Terraform type or a nested object."""
    flags = {flag: int(bool(spec.get(flag))) for flag in FLAGS}
    nested = spec.get("nested_type")
    if nested is None:
        return message(ATTRIBUTE | FLAGS, name=name, type=json.dumps(spec["type"]), **flags)
    inner = [attribute(*item) for item in nested["attributes"].items()]
    shape = message(OBJECT, attributes=inner, nesting=NESTING[nested["nesting"]])
    return message(ATTRIBUTE | FLAGS, name=name, nested_type=shape, **flags)


def block(spec: Mapping[str, Any]) -> bytes:
    """Encode the attributes and the nested blocks of a block."""
    nested = [
        message(
            NESTED_BLOCK,
            type_name=name,
            block=block(inner),
            nesting=NESTING[inner["nesting"]],
            min_items=inner.get("min") or 0,
            max_items=inner.get("max") or 0,
        )
        for name, inner in spec.get("blocks", {}).items()
    ]
    attributes = [attribute(*item) for item in spec.get("attributes", {}).items()]
    deprecated = int(bool(spec.get("deprecated")))
    return message(BLOCK, attributes=attributes, block_types=nested, deprecated=deprecated)


def schema(spec: Mapping[str, Any]) -> bytes:
    """Encode the schema of a resource type or of the provider's own configuration."""
    return message(SCHEMA, version=spec.get("schema_version") or 0, block=block(spec))


def provider_schema(spec: Mapping[str, Any]) -> bytes:
    """Encode the whole reply to GetProviderSchema."""
    resources, data_sources = (
        [
            message(RESOURCE_SCHEMA, key=name, value=schema(each))
            for name, each in spec.get(part, {}).items()
        ]
        for part in ("resources", "data_sources")
    )
    config = schema(spec.get("provider_config", {}))
    return message(
        RESPONSE, provider=config, resource_schemas=resources, data_source_schemas=data_sources
    )


def serve(spec: Mapping[str, Any], socket: Path) -> None:
    """Serve the provider until Terraform says Shutdown or is gone."""
    done = threading.Event()

    def reply(data: bytes) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda *_: data)

    def shutdown(*_: Any) -> bytes:
        done.set()
        return b""

    calls = {name: reply(b"") for name in EMPTY_REPLIES}
    calls["GetProviderSchema"] = reply(provider_schema(spec))
    control = {"Shutdown": grpc.unary_unary_rpc_method_handler(shutdown)}
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("tfplugin6.Provider", calls),
            grpc.method_handlers_generic_handler("plugin.GRPCController", control),
        )
    )
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    sys.stdout.write(f"1|6|unix|{socket}|grpc|\n")
    sys.stdout.flush()
    terraform = os.getppid()
    while not done.wait(timeout=1) and os.getppid() == terraform:
        pass
    server.stop(grace=1).wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tf") as folder:
        path = Path(os.environ["QGOV_STUB_SCHEMA"])
        serve(json.loads(path.read_text(encoding="utf-8")), Path(folder, "socket"))
