"""Small valid repositories and requests near their boundaries, for Hypothesis.

`models()` gives linked AccessModels; `repositories()` the files they are read from (path →
bytes, JSON being YAML); `requests(model)` requests that are allowed, or miss by little. All
names come from small pools, so that grants, scopes, people and tenants often meet. Every
repository links without an error; it need not pass the checks (an elevation may be approved
by its subject, a binding may break separation of duties).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from qgov.finding import has_errors
from qgov.language.documents import read_documents
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Budget
from qgov.model.accesses import backends_of, budgets_around, scopes_at
from qgov.model.budgets import soft_threshold
from qgov.model.conditions import ApprovalRule
from qgov.model.link import link
from qgov.model.measures import COUNTED
from qgov.model.scope import EVERYWHERE

__all__ = ["NOW", "PEOPLE", "linked", "models", "repositories", "requests"]

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CAMPAIGNS = (
    {"from": "2026-11-01", "until": "2026-12-01"},
    {"from": "2026-11-23T10:00:00Z", "until": "2026-11-23T10:10:00Z"},
    {"from": "2026-11-23T10:00:01Z", "until": "2027-01-01"},
    {"from": "2026-01-01", "until": "2026-11-23T10:00:00Z"},
)
"""Campaigns that run, begin or end at `NOW`, or a second beside it."""
PEOPLE = ("mei@northwind.example", "ines@northwind.example", "tom@partner.example")
TENANTS = ("aurora", "borealis", "cygnus")
PROJECTS = ("chemistry", "optimisation")
TIERS = ("sandbox", "test", "production")
ROLES = ("operator", "researcher", "reviewer")
GROUPS = {"staff": "workforce", "leads": "workforce", "guests": "partner"}
ISSUERS = {
    "workforce": "https://id.northwind.example/realms/quantum",
    "partner": "https://partner.okta.example",
}
CI_ISSUER = "https://token.actions.githubusercontent.com"
SUBJECTS = ("repo:northwind/aurora:ref:refs/heads/main", "repo:northwind/*:ref:*", "*")
BACKENDS: dict[str, dict[str, Any]] = {
    "local-simulator": {
        "cloud": "local",
        "vendor": "northwind",
        "class": "simulator",
        "region": "local",
        "jurisdiction": "on-premises",
        "qubits": 20,
    },
    "iqm-garnet": {
        "cloud": "braket",
        "vendor": "iqm",
        "class": "qpu",
        "region": "eu-north-1",
        "jurisdiction": "eu",
        "qubits": 20,
        "target": "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
    },
    "heron": {
        "cloud": "ibm",
        "vendor": "ibm",
        "class": "qpu",
        "region": "eu-de",
        "jurisdiction": "eu",
        "qubits": 156,
        "target": "ibm_aachen",
    },
    "resonance": {
        "cloud": "iqm",
        "vendor": "iqm",
        "class": "qpu",
        "region": "eu",
        "jurisdiction": "eu",
        "qubits": 20,
        "target": "garnet",
    },
    "willow": {
        "cloud": "google",
        "vendor": "google",
        "class": "qpu",
        "region": "us",
        "jurisdiction": "us",
        "qubits": 105,
        "target": "willow_pink",
    },
    "forte": {
        "cloud": "azure",
        "vendor": "ionq",
        "class": "qpu",
        "region": "us-east",
        "jurisdiction": "us",
        "qubits": 36,
        "target": "ionq.qpu.forte-1",
    },
}
VENDORS = {
    name: {"title": name, "country": "FI", "reviewed": "2026-10-01", "reviewEvery": "1y"}
    for name in ("northwind", "iqm", "ionq", "ibm", "google")
}


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "qgov/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _some_of(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, unique=True).map(sorted)


@st.composite
def floors(draw: st.DrawFn) -> dict[str, Any]:
    """A `Floor`, mostly lenient."""
    return _present(
        {
            "mfa": draw(st.sampled_from((None, None, True))),
            "managedDevice": draw(st.sampled_from((None, None, True))),
            "maxTokenAge": draw(st.sampled_from((None, None, None, "15m", "1h"))),
            "countries": draw(
                st.sampled_from((None, None, None, None, ["DE"], ["DE", "FR"], ["US"]))
            ),
            "job": draw(st.sampled_from((None, None, None)) | job_limits()),
        }
    )


@st.composite
def job_limits(draw: st.DrawFn) -> dict[str, Any] | None:
    """`JobLimits`, mostly none."""
    return (
        _present(
            {
                "shots": draw(st.sampled_from((None, 100, 1000))),
                "circuits": draw(st.sampled_from((None, 1, 10))),
                "qubits": draw(st.sampled_from((None, 5))),
                "qpuSeconds": draw(st.sampled_from((None, 10, 60))),
                "cost": draw(st.sampled_from((None, "1.00 EUR", "6.00 EUR"))),
            }
        )
        or None
    )


@st.composite
def _budgets(draw: st.DrawFn, scopes: tuple[str, ...]) -> dict[str, Any]:
    """A budget with everything that one may have."""
    shares = st.lists(st.sampled_from(("50%", "80%", "99.99%", "100%")), max_size=2, unique=True)
    quotas = st.builds(
        lambda measure, per, limit, warn: {
            "measure": measure,
            "per": per,
            "limit": limit,
            "warnAt": warn,
        },
        st.sampled_from(("jobs", "shots", "circuits", "qpuSeconds", "simulatorSeconds")),
        st.sampled_from(("job", "day", "month", "once", "28d", "7d", "90m")),
        st.sampled_from((0, 7, 100, 1000, 2**53 - 1)),
        shares,
    )
    money = st.builds(
        lambda period, limit, warn, stop: _present(
            {"period": period, "limit": limit, "warnAt": warn, "stopAt": stop}
        ),
        st.sampled_from(("monthly", "quarterly", "yearly", "once", "28d", *CAMPAIGNS)),
        st.sampled_from(("10.00 EUR", "7.000001 EUR", "3 QCU", "999999999999.00 EUR")),
        shares,
        st.sampled_from((None, "100%", "100%", "50%", "9999.99%")),
    )
    approval = st.builds(
        lambda above, classes, approvers, valid: {
            "above": above,
            "forClasses": classes,
            "approvers": approvers,
            "validFor": valid,
        },
        st.sampled_from(("1.00 EUR", "5.00 EUR", "0.300001 QCU")),
        st.sampled_from((["qpu"], ["simulator"], ["qpu", "simulator"])),
        st.sampled_from(("leads", "guests")),
        st.sampled_from(("1h", "7d")),
    )
    return _present(
        {
            "scope": draw(st.sampled_from(scopes)),
            "group": draw(st.sampled_from((None, None, *GROUPS))),
            "backends": draw(st.none() | _some_of(tuple(BACKENDS), 1)),
            "owner": "leads",
            "budget": draw(st.none() | money),
            "quotas": draw(st.lists(quotas, max_size=2)),
            "approval": draw(st.none() | approval),
        }
    )


@st.composite
def _raises(draw: st.DrawFn, budgets: int) -> dict[str, Any]:
    start = NOW + timedelta(minutes=draw(st.sampled_from((-120, 0, 10))))
    return _present(
        {
            "budget": f"budget-{draw(st.integers(0, budgets - 1))}",
            "increase": draw(st.sampled_from(("1.00 EUR", "0.000001 EUR"))),
            "reason": "a series is repeated",
            "requestedBy": draw(st.sampled_from((None, PEOPLE[0]))),
            "approvedBy": draw(st.sampled_from((None, PEOPLE[0], *[PEOPLE[1]] * 3))),
            "notBefore": draw(st.sampled_from((None, start.isoformat()))),
            "expires": (start + timedelta(minutes=draw(st.sampled_from((60, 120))))).isoformat(),
        }
    )


@st.composite
def _bindings(
    draw: st.DrawFn, scopes: tuple[str, ...], who: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    eligible = {
        "approvers": draw(st.sampled_from(("leads", "guests"))),
        "maxDuration": draw(st.sampled_from(("1h", "4h"))),
        "ticket": draw(st.sampled_from(("required", "optional"))),
    }
    return _present(
        {
            **{field: draw(st.sampled_from(values)) for field, values in who.items()},
            "external": draw(st.sampled_from((None, None, True))) if "group" in who else None,
            "role": draw(st.sampled_from(ROLES)),
            "on": draw(st.sampled_from(scopes)),
            "eligible": draw(st.sampled_from((None, eligible))),
            "requires": draw(st.none() | floors()),
            "expires": draw(_ends()),
        }
    )


def _ends() -> st.SearchStrategy[str | None]:
    """When something ends by itself, mostly never."""
    beside = (NOW, NOW + timedelta(seconds=600), NOW + timedelta(days=100))
    return st.sampled_from((*[None] * 6, *(end.isoformat() for end in beside)))


@st.composite
def _aws_accounts(draw: st.DrawFn, index: int, tiers: tuple[str, ...]) -> dict[str, Any]:
    """The tenant's account, and those of environments that have one of their own."""
    bucket = draw(st.booleans())

    def account(number: int, name: str) -> dict[str, Any]:
        results = f"amazon-braket-{name}" if bucket else None
        return _present({"account": f"{number}", "resultsBucket": results})

    own = draw(_some_of(tiers))
    inside = {
        tier: account(222222222222 + 10 * index + n, f"t{index}-{tier}")
        for n, tier in enumerate(own)
    }
    found = account(111111111111 + index, f"t{index}")
    return {**found, "environments": inside} if inside else found


def _projects(name: str) -> st.SearchStrategy[Any]:
    """A project, mostly of nothing but its name."""
    where = (["eu"], ["us"], ["eu", "us"], ["on-premises"])
    said = [{"name": name, "residency": places} for places in where]
    regulated = {"name": name, "classification": "regulated"}
    return st.sampled_from((*[name] * 6, *said, regulated))


def _names(environment: dict[str, Any]) -> list[str]:
    """The names of an environment's projects."""
    return [p if isinstance(p, str) else p["name"] for p in environment["projects"]]


@st.composite
def _azure_workspaces(draw: st.DrawFn, index: int, tiers: tuple[str, ...]) -> dict[str, Any]:
    """The tenant's workspace, and those of environments that have one of their own."""
    stored = draw(st.booleans())

    def workspace(number: int) -> dict[str, Any]:
        return _present(
            {
                "subscription": f"00000000-0000-0000-0000-{10 * index + number:012}",
                "resourceGroup": "quantum",
                "workspace": f"ws{index}-{number}",
                "location": "westeurope",
                "storageAccount": f"results{index}x{number}" if stored else None,
                "auditStorageAccount": f"audit{index}x{number}" if stored else None,
            }
        )

    inside = {tier: workspace(1 + n) for n, tier in enumerate(draw(_some_of(tiers)))}
    return {**workspace(0), "environments": inside} if inside else workspace(0)


@st.composite
def _ibm_instances(draw: st.DrawFn, index: int, tiers: tuple[str, ...]) -> dict[str, Any]:
    """The tenant's instance, and some for single environments or of the other region."""

    def instance(number: int, region: str, environments: list[str]) -> dict[str, Any]:
        account = "0" * 31 + str(index)
        id_ = f"00000000-0000-4000-8000-{number:012}"
        return {
            "instance": f"crn:v1:bluemix:public:quantum-computing:{region}:a/{account}:{id_}::",
            "plan": draw(st.sampled_from(("open", "pay-as-you-go", "flex", "premium"))),
            "region": region,
            "instanceLimitSeconds": draw(st.sampled_from((None, 600))),
            "environments": environments,
        }

    found = _present(instance(index, "eu-de", draw(_some_of(tiers))))
    further = {
        f"i{n}": _present(
            instance(100 * (index + 1) + n, draw(st.sampled_from(("eu-de", "us-east"))), some)
        )
        for n, some in enumerate(draw(st.lists(_some_of(tiers), max_size=2)))
    }
    return {**found, "instances": further}


@st.composite
def _tenants(draw: st.DrawFn, index: int, queues: bool) -> dict[str, Any]:
    tiers = draw(_some_of(TIERS, 1))
    environments = {
        tier: _present(
            {
                "tier": tier,
                "backends": sorted({"local-simulator", *draw(_some_of(tuple(BACKENDS)))}),
                "projects": [draw(_projects(name)) for name in draw(_some_of(PROJECTS, 1))],
                "queue": "governed" if queues and draw(st.booleans()) else None,
                "floors": draw(st.none() | floors()),
            }
        )
        for tier in tiers
    }
    scopes = ("*", *tiers, *(f"{t}/{p}" for t in tiers for p in _names(environments[t])))
    accounts = [
        _present(
            {
                "name": name,
                "owner": "leads",
                "federation": draw(
                    st.none()
                    | st.builds(
                        lambda subject: {
                            "issuer": CI_ISSUER,
                            "audience": "qgov",
                            "subject": subject,
                        },
                        st.sampled_from(SUBJECTS),
                    )
                ),
                "maxTokenLifetime": draw(st.sampled_from((None, "15m"))),
                "bindings": draw(st.lists(_bindings(scopes, {}), max_size=2)),
            }
        )
        for name in draw(_some_of(("nightly", "release")))
    ]
    keep = draw(st.sampled_from((None, "30d")))
    return _present(
        {
            "owner": {"group": "leads", "contact": "leads@northwind.example"},
            "isolation": draw(st.sampled_from(("shared", "dedicated"))),
            "identityProvider": draw(st.sampled_from(("workforce", "workforce", "partner"))),
            "residency": draw(_some_of(("eu", "us"), 1)),
            "environments": environments,
            "bindings": draw(
                st.lists(_bindings(scopes, {"group": tuple(GROUPS)}), min_size=1, max_size=4)
            ),
            "serviceAccounts": accounts,
            "retention": {"inputs": {"keep": keep, "store": "records"}} if keep else None,
            "floors": draw(st.none() | floors()),
            "clouds": {
                "braket": draw(_aws_accounts(index, tuple(tiers))),
                "azure": draw(_azure_workspaces(index, tuple(tiers))),
                "ibm": draw(_ibm_instances(index, tuple(tiers))),
                "iqm": {"project": f"quantum-{index}"},
                "google": _present(
                    {
                        "project": f"quantum-{index}",
                        "number": draw(st.sampled_from((None, f"10000000{index}"))),
                    }
                ),
            },
        }
    )


@st.composite
def _elevations(draw: st.DrawFn, scopes: tuple[str, ...]) -> dict[str, Any]:
    start = NOW + timedelta(minutes=draw(st.sampled_from((-120, -50, -50, 0, 10))))
    return _present(
        {
            "subject": draw(st.sampled_from(PEOPLE)),
            "role": draw(st.sampled_from(ROLES)),
            "on": draw(st.sampled_from(scopes)),
            "reason": "calibration",
            "ticket": draw(st.sampled_from((None, "QGOV-118"))),
            "requestedBy": draw(st.sampled_from((None, *PEOPLE))),
            "approvedBy": draw(st.sampled_from((None, *PEOPLE, *PEOPLE))),
            "notBefore": draw(st.sampled_from((None, start.isoformat(), start.isoformat()))),
            "expires": (
                start + timedelta(minutes=draw(st.sampled_from((60, 60, 61, 241))))
            ).isoformat(),
        }
    )


@st.composite
def _roles(draw: st.DrawFn) -> dict[str, Any]:
    def narrowed(name: str) -> str:
        return f"{name}:own" if CATALOGUE[name].ownable and draw(st.booleans()) else name

    wanted = draw(
        _some_of(
            (
                "job:submit",
                "job:read",
                "result:export",
                "backend:calibrate",
                "audit:read",
                "policy:read",
                "billing:write",
            ),
            1,
        )
    )
    return _present(
        {
            "permissions": sorted(
                {"job:submit", *map(narrowed, wanted)}
                if draw(st.booleans())
                else {*map(narrowed, wanted)}
            ),
            "requires": draw(st.none() | floors()),
        }
    )


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, bytes]:
    """The files of a small valid repository: 1 to 3 tenants, 3 roles, up to 3 elevations."""
    names = TENANTS[: draw(st.integers(1, len(TENANTS)))]
    queues = draw(st.booleans())
    organization = _present(
        {
            "currency": "EUR",
            "credits": {
                "QCU": {"worth": "3.333333333333 EUR", "source": "made up", "asOf": "2026-11-01"}
            },
            "identityProviders": {
                "workforce": {
                    "type": "keycloak",
                    "issuer": ISSUERS["workforce"],
                    "realm": "quantum",
                },
                "partner": {
                    "type": "okta",
                    "issuer": ISSUERS["partner"],
                    "audience": "qgov-partner",
                    "protocol": "saml",
                },
            },
            "groups": {
                name: _present(
                    {
                        "identityProvider": provider,
                        "shared": True,
                        "external": draw(st.sampled_from((None, None, True))),
                        "expires": draw(_ends()),
                        "includes": draw(st.sampled_from((None, None, ["leads"])))
                        if name == "staff"
                        else None,
                    }
                )
                for name, provider in GROUPS.items()
            },
            "floors": draw(floors()),
            "tiers": {"production": {"floors": draw(floors())}},
            "vendors": VENDORS,
            "backends": {
                name: _present({**backend, "limits": draw(job_limits())})
                for name, backend in BACKENDS.items()
            },
            "queues": {"governed": {"priority": 500}} if queues else None,
            "stores": {
                "records": {
                    "type": "s3",
                    "jurisdiction": "eu",
                    "owner": "leads",
                    "holds": ["inputs"],
                }
            },
            "bindings": draw(
                st.lists(_bindings(("*", *names), {"group": tuple(GROUPS)}), max_size=2)
            ),
        }
    )
    files = {"qgov.yaml": _document("Organization", "northwind", organization)}
    for role in ROLES:
        files[f"roles/{role}.yaml"] = _document("Role", role, draw(_roles()))
    scopes: list[str] = []
    for index, name in enumerate(names):
        spec = draw(_tenants(index, queues))
        files[f"tenants/{name}/tenant.yaml"] = _document("Tenant", name, spec)
        scopes.append(name)
        for environment, content in spec["environments"].items():
            scopes.append(f"{name}/{environment}")
            scopes += [f"{name}/{environment}/{p}" for p in _names(content)]
    for index, spec in enumerate(draw(st.lists(_elevations(tuple(scopes)), max_size=3))):
        name = f"elevation-{index}"
        files[f"tenants/{name}.yaml"] = _document("Elevation", name, spec)
    around = (
        "*",
        *scopes,
        *(
            "/".join((*s.split("/")[:1], "*", *s.split("/")[2:]))
            for s in scopes
            if s.count("/") == 2
        ),
    )
    budgets = draw(st.lists(_budgets(around), max_size=4))
    for index, spec in enumerate(budgets):
        name = f"budget-{index}"
        files[f"budgets/{name}.yaml"] = _document("Budget", name, spec)
    for index, spec in enumerate(
        draw(st.lists(_raises(len(budgets)), max_size=2)) if budgets else []
    ):
        name = f"raise-{index}"
        files[f"budgets/{name}.yaml"] = _document("BudgetException", name, spec)
    return {path: json.dumps(content).encode() for path, content in files.items()}


def linked(files: dict[str, bytes]) -> AccessModel:
    """The model of a repository that must have no error."""
    documents, refused = read_documents(files)
    model, dangling = link(documents)
    assert not has_errors([*refused, *dangling]), [*refused, *dangling]
    assert model is not None
    return model


def models() -> st.SearchStrategy[AccessModel]:
    """Linked models of small valid repositories."""
    return repositories().map(linked)


@st.composite
def requests(draw: st.DrawFn, model: AccessModel) -> dict[str, Any]:
    """Requests near the boundaries of what `model` allows: mostly the members of a binding
    doing what its role permits where it holds, with a few things that are not as they should."""
    aim = draw(st.sampled_from(model.bindings)) if model.bindings else None
    listed = model.roles[aim.role].permissions if aim else ()
    wanted = [
        p for p in listed if aim and any(scopes_at(model, aim.scope, CATALOGUE[p].level.depth))
    ]
    wanted = wanted or ["job:submit"]
    action = _mostly(draw, draw(st.sampled_from(wanted)), "job:cancel", "audit:read", "job:walk")
    level = CATALOGUE[action].level.depth if action in CATALOGUE else 3
    within = tuple(scopes_at(model, aim.scope if aim else EVERYWHERE, level))
    everywhere = tuple(scopes_at(model, EVERYWHERE, draw(st.sampled_from((level, 0, 1, 2, 3)))))
    scope = _mostly(
        draw,
        draw(st.sampled_from(within or everywhere)),
        draw(st.sampled_from(everywhere)),
        "aurora/nowhere/chemistry",
        "atlantis",
    )
    labels = () if scope == EVERYWHERE else scope.split("/")
    subject = draw(
        _workloads(model, aim)
        if aim and aim.principal.startswith("workload:")
        else _users(model, aim)
    )
    properties = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    environment = model.environment(scope)
    allowed = backends_of(model, environment, scope) if environment else ()
    properties["backend"] = _mostly(
        draw, draw(st.sampled_from(allowed or tuple(BACKENDS))), *BACKENDS, "abacus", None
    )
    properties["owner"] = _mostly(draw, subject["id"], PEOPLE[1], None)
    return {
        "subject": subject,
        "action": {"name": action},
        "resource": {"type": "job", "id": "1", "properties": _present(properties)},
        "context": draw(_contexts(model, aim, subject, scope)),
    }


def _mostly(draw: st.DrawFn, good: Any, *odd: Any) -> Any:
    """`good` nearly always, and what a failing example shrinks to."""
    return draw(st.sampled_from((*[good] * 10 * len(odd), *odd)))


@st.composite
def _users(draw: st.DrawFn, model: AccessModel, aim: Binding | None) -> dict[str, Any]:
    group = aim.principal.removeprefix("group:") if aim else "staff"
    others = draw(_some_of((*GROUPS, "nobody"))) if draw(st.booleans()) else []
    provider = model.groups[group].provider if group in model.groups else "workforce"
    issuer = _mostly(draw, ISSUERS[provider], *ISSUERS.values(), "https://evil.example", None)
    return {
        "type": _mostly(draw, "user", "robot", None),
        "id": _mostly(draw, draw(st.sampled_from(PEOPLE)), "josé \U0001f600", 'a"b', "", 7),
        "properties": _present({"groups": [*others, group], "issuer": issuer}),
    }


@st.composite
def _workloads(draw: st.DrawFn, model: AccessModel, aim: Binding) -> dict[str, Any]:
    id_ = aim.principal.removeprefix("workload:")
    pattern = model.workloads[id_].subject or "*"
    filled = pattern.replace("*", draw(st.sampled_from(("", "x", "northwind/é:ref:", "*"))))
    return {
        "type": "workload",
        "id": _mostly(draw, id_, "aurora/nobody", "nightly"),
        "properties": _present(
            {
                "issuer": _mostly(draw, CI_ISSUER, *ISSUERS.values(), "https://evil.example", None),
                "subject": _mostly(
                    draw, filled, aim.principal, f"{filled}x", f"x{filled}", filled[1:], None
                ),
            }
        ),
    }


@st.composite
def _contexts(
    draw: st.DrawFn, model: AccessModel, aim: Binding | None, subject: dict[str, Any], scope: str
) -> dict[str, Any]:
    now = NOW + timedelta(seconds=draw(st.sampled_from((0, 0, 0, -1, 600, 599, 601, 2700, -3000))))
    age = draw(st.sampled_from((0, 0, 0, 60, 899, 900, 901, 3600, 3601, -60, -61)))
    issuer = subject["properties"].get("issuer")
    good = {p.value.issuer: p.value.audience for p in model.organization.providers.values()}
    held = draw(
        st.lists(
            _context_elevations(aim, subject, scope, now),
            min_size=bool(aim and aim.eligible),
            max_size=2,
        )
    )
    return _present(
        {
            "time": _mostly(
                draw,
                _written(draw, now),
                "2026-02-30T10:00:00Z",
                1795428000,
                None,
                "9999-01-01T00:00:00Z",
            ),
            "mfa": _mostly(draw, True, False, None, "yes"),
            "managed_device": _mostly(draw, True, False, None, 1),
            "country": _mostly(draw, "DE", "FR", "US", "KP", None),
            "token": _present(
                {
                    "kind": _mostly(draw, "oidc", "saml", "api-key", None),
                    "issued_at": _mostly(
                        draw, _written(draw, now - timedelta(seconds=age)), "soon", None
                    ),
                    "audience": _mostly(draw, good.get(issuer, "qgov"), "other", None),
                }
            ),
            "elevations": held,
            **draw(_jobs(model, aim, subject, scope, now)),
        }
    )


@st.composite
def _jobs(
    draw: st.DrawFn,
    model: AccessModel,
    aim: Binding | None,
    subject: dict[str, Any],
    scope: str,
    now: datetime,
) -> dict[str, Any]:
    """A job beside its limits, with usage beside its thresholds and approvals beside theirs."""
    budgets = budgets_around(model, scope) if scope.count("/") == 2 else []
    job = {
        name: _mostly(draw, draw(st.sampled_from(_around(values))), None, -1, "1", 10**15, 2.5)
        for name, values in _sizes(model, aim, scope, budgets).items()
    }
    usage = {b.name: draw(_usage(b, job)) for b in budgets}
    rules = [b.approval for b in budgets if b.approval]
    approvals = draw(st.lists(_approvals(rules, subject, scope, job, now), max_size=2))
    return {
        "job": _mostly(draw, _present(job), None, "small"),
        "usage": _mostly(draw, usage, {}, None),
        "approvals": _mostly(draw, approvals, None),
    }


def _sizes(
    model: AccessModel, aim: Binding | None, scope: str, budgets: list[Budget]
) -> dict[str, set[int]]:
    """The thresholds that a job's attributes may meet."""
    bounds = [model.floor(scope).job, *model.organization.backend_limits.values()]
    bounds += [aim.requires.job, model.roles[aim.role].requires.job] if aim else []
    found = {
        attribute: {v for b in bounds if (v := getattr(b, limit)) is not None}
        for limit, attribute in (
            ("shots", "shots"),
            ("circuits", "circuits"),
            ("qubits", "qubits"),
            ("qpu_seconds", "estimated_qpu_seconds"),
            ("cost_micros", "estimated_cost_micros"),
        )
    }
    found["estimated_simulator_seconds"] = set()
    found["estimated_cost_micros"] |= {b.approval.above_micros for b in budgets if b.approval}
    for budget in budgets:
        for measure, per, limit, _ in budget.quotas:
            if per == "job" and measure in COUNTED:
                found[COUNTED[measure]].add(limit)
    return found


def _around(values: set[int]) -> list[int]:
    low = min((v for v in values if v < 10**15), default=1)
    return [low, low, low, *(n for v in sorted(values) for n in (v, v + 1) if n <= 10**15 + 1)]


@st.composite
def _usage(draw: st.DrawFn, budget: Budget, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cost = job["estimated_cost_micros"] if isinstance(job["estimated_cost_micros"], int) else 0
    thresholds = [0]
    if budget.limit_micros is not None:
        raised = draw(st.sampled_from((0, budget.raised_micros)))
        for threshold in (
            budget.stop_micros,
            soft_threshold(budget.limit_micros, budget.warn_at),
        ):
            thresholds += [] if threshold is None else [threshold + raised - cost]
    near = draw(st.sampled_from(thresholds)) + draw(st.sampled_from((0, 0, -1, 1)))
    found["spent_micros"] = _mostly(draw, min(max(0, near), 10**15), None, -5)
    for measure, per, limit, warn_at in budget.quotas:
        more = 1 if measure == "jobs" else job[COUNTED[measure]]
        more = more if isinstance(more, int) else 0
        quota = draw(st.sampled_from((limit, soft_threshold(limit, warn_at) or 0, 0)))
        beside = quota - more + draw(st.sampled_from((0, 0, -1, 1)))
        found[f"{measure}/{per}"] = _mostly(draw, min(max(0, beside), 10**15), None, 0.5)
    return _present(found)


@st.composite
def _approvals(
    draw: st.DrawFn,
    rules: list[ApprovalRule],
    subject: dict[str, Any],
    scope: str,
    job: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    rule = draw(st.sampled_from(rules)) if rules else None
    valid = rule.valid_for_s if rule else 3600
    given = now - timedelta(seconds=draw(st.sampled_from((0, 60, valid - 1, valid, -1))))
    end = draw(st.sampled_from((None, now + timedelta(seconds=60), now)))
    cost = job["estimated_cost_micros"] if isinstance(job["estimated_cost_micros"], int) else 0
    everyone = [*GROUPS]
    return _present(
        {
            "subject": _mostly(draw, subject["id"], *PEOPLE, None),
            "scope": _mostly(draw, scope, scope.partition("/")[0], "*", scope[:-1] or "*", None),
            "backend": _mostly(draw, None, *BACKENDS),
            "max_cost_micros": _mostly(draw, max(cost, 0), max(cost - 1, 0), None, "1"),
            "requested_by": _mostly(draw, None, *PEOPLE),
            "approved_by": _mostly(draw, "boss@northwind.example", subject["id"], *PEOPLE, None),
            "approver_groups": _mostly(draw, everyone, [rule.approvers if rule else "leads"], []),
            "approved_at": _mostly(draw, _written(draw, given), None, "soon"),
            "expires": end and _written(draw, end),
        }
    )


@st.composite
def _context_elevations(
    draw: st.DrawFn, aim: Binding | None, subject: dict[str, Any], scope: str, now: datetime
) -> dict[str, Any]:
    eligible = aim.eligible if aim else None
    longest = eligible.max_duration_s if eligible else 3600
    start = now + timedelta(seconds=draw(st.sampled_from((-600, -600, -60, 0, 1))))
    length = draw(st.sampled_from((longest, longest, longest + 1, 600, 601, 60)))
    end = start + timedelta(seconds=length)
    return _present(
        {
            "subject": _mostly(draw, subject["id"], PEOPLE[0], None, 7),
            "role": _mostly(draw, aim.role if aim else ROLES[0], *ROLES, None),
            "scope": _mostly(
                draw,
                draw(st.sampled_from((scope, aim.scope if aim else scope))),
                scope.partition("/")[0],
                "*",
                scope[:-1] or "*",
                None,
            ),
            "requested_by": _mostly(draw, None, *PEOPLE),
            "approved_by": _mostly(draw, "boss@northwind.example", *PEOPLE, subject["id"], None),
            "approver_groups": _mostly(
                draw, [eligible.approvers if eligible else "leads"], [], ["staff"], "leads", None
            ),
            "ticket": _mostly(draw, "QGOV-118", "", None),
            "not_before": _mostly(draw, _written(draw, start), None, "yesterday"),
            "expires": _mostly(draw, _written(draw, end), None, "9999-12-31T23:59:59Z"),
        }
    )


def _written(draw: st.DrawFn, instant: datetime) -> str:
    """One of the forms of RFC 3339."""
    offset = timezone(timedelta(minutes=draw(st.sampled_from((0, 60, -330)))))
    text = instant.astimezone(offset).isoformat()
    fraction = instant.isoformat().replace("+00:00", ".999999Z")
    return str(_mostly(draw, text.replace("+00:00", "Z"), text, fraction))
