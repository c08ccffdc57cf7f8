"""Open Policy Agent, by its REST API: which bundle it answers from, and whether it still does."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from qgov.drift.drift import Drift, Kind
from qgov.drift.facts import EVERYONE, Facts, Held, Plain, Setting
from qgov.drift.observer import Asked, Effect, Need, Observation, Observer, UnreadableError
from qgov.drift.remote import Remote, remote
from qgov.model.access_model import AccessModel
from qgov.model.principal import Principal
from qgov.model.scope import EVERYWHERE
from qgov.plan.risk import Risk
from qgov.targets import emit
from qgov.targets.opa.bundle import FOLDER, POLICY, canonical

__all__ = ["OBSERVER"]

_ADDRESS: Final = "QGOV_OPA_URL"
_TOKEN: Final = "QGOV_OPA_TOKEN"  # noqa: S105 - the name of a variable


def _observe(asked: Asked) -> Iterator[Observation]:
    base = asked.what or asked.needed(_ADDRESS)
    token = asked.setting(_TOKEN)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    files, findings = emit(asked.model, ["opa"])
    if not files:
        raise UnreadableError(f"the configuration has no bundle: {findings[0].told}")
    document = json.loads(files[f"{FOLDER}/data.json"])["qgov"]
    own = {POLICY: files[f"{FOLDER}/{POLICY}"].decode()}
    with remote(asked, base, headers) as server:
        revision = _result(server, "/v1/data/qgov/revision", str)
        data = _result(server, "/v1/data/qgov/model", dict)
        policies = _policies(server)
        if _result(server, "/v1/data/qgov/revision", str) != revision:
            raise UnreadableError(f"{base}: another bundle was loaded while it was read; try again")
        wanted = _facts(document["model"], own, document["revision"])
        found = _facts(data, policies, revision)
    both = {h.what for h in wanted.held} & {h.what for h in found.held}
    wanted.settings.update(_terms(document["model"], both))
    found.settings.update(_terms(data, both))
    stale = (_stale(asked.model, document["revision"], revision),)
    yield Observation(
        "opa", "opa", wanted, found, _effect, stale if revision != document["revision"] else ()
    )


def _result(server: Remote, path: str, kind: type) -> Any:
    answer = server.get(path)
    found = answer.get("result") if isinstance(answer, dict) else None
    if found is None:
        raise UnreadableError(f"{server.base}{path}: undefined, so no bundle of qgov is loaded")
    if not isinstance(found, kind):
        raise UnreadableError(f"{server.base}{path}: of a version that is not known")
    return found


def _policies(server: Remote) -> dict[str, str]:
    """The modules by the path that they have in a bundle."""
    listed = _result(server, "/v1/policies", list)
    try:
        return {_path(each["id"]): each["raw"] for each in listed}
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{server.base}/v1/policies: of a version that is not known"
        ) from error


def _path(id_: str) -> str:
    """Where in a bundle a module lies; OPA names it after the bundle's own name."""
    return POLICY if id_.endswith(f"/{POLICY}") else id_


def _facts(model: Mapping[str, Any], policies: Mapping[str, str], revision: str) -> Facts:
    try:
        return Facts(
            held=tuple(held for held, _ in _grants(model)),
            roles={name: dict(role["permissions"]) for name, role in model["roles"].items()},
            settings={**dict(_policy_settings(policies)), **dict(_data_settings(model))},
            revision=revision,
        )
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise UnreadableError("OPA: `data.qgov.model` is of a version that is not known") from error


def _parts(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What holds everywhere, and then each tenant's part."""
    yield model
    for shard in model["tenants"].values():
        yield from shard.values()


def _grants(model: Mapping[str, Any]) -> Iterator[tuple[Held, Mapping[str, Any]]]:
    for part in _parts(model):
        for principal, of in part["grants"].items():
            for scope, grants in of["at"].items():
                for grant in grants:
                    way = (f"the policy data of `{scope}`",)
                    eligible = "eligible" in grant
                    yield Held(Principal(principal), grant["role"], scope, way, eligible), grant


def _terms(
    model: Mapping[str, Any], of: Collection[tuple[object, ...]]
) -> Iterator[tuple[Setting, Plain]]:
    """What is asked of those who hold something on both sides."""
    for held, grant in _grants(model):
        if held.what in of:
            place = f"grants/{held.principal}/{held.role}/{held.scope}"
            yield Setting("policy data", "", place), canonical(grant).decode()


def _policy_settings(policies: Mapping[str, str]) -> Iterator[tuple[Setting, Plain]]:
    for path, raw in policies.items():
        yield Setting("policy", path, ""), True
        yield Setting("policy", path, "sha256"), sha256(raw.encode()).hexdigest()


def _data_settings(model: Mapping[str, Any]) -> Iterator[tuple[Setting, Plain]]:
    """What is not who holds what: floors, budgets, backends, workloads, elevations."""
    yield Setting("policy data", "", ""), True
    for path, value in _leaves(model, ()):
        yield Setting("policy data", "", "/".join(path)), value


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Plain]]:
    if path[-1:] == ("grants",):
        for principal, of in value.items():
            yield (*path, principal, "issuer"), of.get("issuer")
    elif path[-1:] == ("elevations",):  # its keys are people
        yield path, sha256(canonical(value)).hexdigest() if value else None
    elif path[:1] == ("roles",) and path[2:] == ("permissions",):
        return
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    else:
        yield path, canonical(value).decode() if isinstance(value, list | dict) else value


def _stale(model: AccessModel, wanted: str, found: str) -> Drift:
    return Drift(
        "opa",
        Kind.STALE_BUNDLE,
        EVERYONE,
        None,
        EVERYWHERE,
        Risk.HIGH,
        "stale-bundle",
        f"decisions are made by the bundle `{found}`, which is not the one that was reviewed",
        wanted,
        found,
        model.organization.source.origin,
    )


def _effect(setting: Setting, wanted: Plain, found: Plain) -> Effect:
    if setting.kind == "policy":
        ours = setting.name == POLICY or found is None
        risk = Risk.CRITICAL if ours or "authz" in setting.name else Risk.HIGH
        return Effect(
            risk, "be answered by another policy than was reviewed", permission="job:submit"
        )
    steps = setting.field.split("/")
    scope = steps[2] if steps[0] == "tenants" and len(steps) > 2 else EVERYWHERE
    if steps[3:4] == ["environments"] and len(steps) > 4:
        scope = f"{scope}/{steps[4]}"
    if steps[0] == "grants":
        kind, _, rest = steps[1].partition(":")
        principal = steps[1] if kind == "group" else f"{kind}:{rest}/{steps[2]}"
        return Effect(
            Risk.HIGH,
            "use the role on other terms",
            principal,
            None,
            setting.field.split("/", 3)[-1],
        )
    loose = wanted is not None and found is None
    risk = Risk.HIGH if loose or {"floor", "issuers", "federation"} & {*steps} else Risk.MEDIUM
    return Effect(risk, "use the platform on other conditions", scope=scope)


OBSERVER: Final = Observer(
    "opa",
    (
        Need("GET /v1/data/qgov/revision", "to read data.qgov", "which bundle decides"),
        Need("GET /v1/data/qgov/model", "to read data.qgov", "who holds what, on which conditions"),
        Need("GET /v1/policies", "to list policies", "whether the policy is the reviewed one"),
    ),
    _observe,
    lambda environment: bool(environment.get(_ADDRESS)),
)
