"""Near misses on AWS: what nobody may do who may do something much like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from qgov.conformance.native.aws import (
    ME,
    Account,
    accounts,
    devices,
    request,
    submissions,
    submit,
    submitting,
)
from qgov.conformance.native.question import FULL, Question, Request
from qgov.model.access_model import AccessModel
from qgov.model.conditions import NONE, Conditions
from qgov.model.floors import required
from qgov.model.scope import contains
from qgov.records import replace
from qgov.targets.braket.read_back import Holder
from qgov.targets.target import Files

__all__ = ["questions"]

_LIMITS: Final = ("CreateSpendingLimit", "DeleteSpendingLimit", "UpdateSpendingLimit")
_WEB: Final = "sts:AssumeRoleWithWebIdentity"


def questions(model: AccessModel, files: Files) -> list[Question]:
    """Everything that is asked of AWS about the files of a model."""
    known = accounts(model, files)
    found: list[Question] = []
    for account in known:
        found += submissions(model, account)
        others = [each for each in known if each.number != account.number]
        wanted, known_devices = submitting(model, account), devices(model)
        for place, held in account.held.items():
            reached = [known_devices[n] for n in sorted(wanted[place]) if n in known_devices]
            for each in held:
                found += _of_holder(account, others, place.title, each, reached)
                found += _assuming(model, account, each)
        found += _of_administrator(model, account)
    return found


def _of_holder(
    account: Account,
    others: list[Account],
    title: str,
    held: Holder,
    reached: list[tuple[str, str]],
) -> Iterator[Question]:
    """What is next to what a policy allows; `reached` are the (region, path) of the devices that
    its holder may submit to."""
    for name in _LIMITS:
        limit = f"arn:aws:braket:eu-north-1:{account.number}:spending-limit/1"
        asked = request(account, held, f"braket:{name}", limit)
        yield _denied(f"{title} does {name}", asked)
    for region, path in reached:
        elsewhere = "eu-west-3" if region != "eu-west-3" else "us-east-1"
        asked_there = submit(account, held, region, path, elsewhere)
        yield Question(f"{title} submits to {path} in {elsewhere}", False, (asked_there,))
        other = submit(account, held, region, path + "-2")
        yield Question(f"{title} submits to {path}-2", False, (other,))
        yield Question(
            f"{title} runs a hybrid job on {path}",
            False,
            (
                tuple(
                    replace(each, action="braket:CreateJob", resource=_job(each.resource))
                    for each in submit(account, held, region, path)
                ),
            ),
        )
    for other_account in others:
        task = f"arn:aws:braket:eu-north-1:{other_account.number}:quantum-task/1"
        asked = request(account, held, "braket:GetQuantumTask", task, number=other_account.number)
        yield _denied(f"{title} reads a task of {other_account.tenant}", asked)
        if other_account.bucket is not None:
            key = f"arn:aws:s3:::{other_account.bucket}/x/y/{ME}/results.json"
            for action in ("s3:GetObject", "s3:PutObject"):
                asked = request(account, held, action, key, number=other_account.number)
                yield _denied(f"{title} does {action} in {other_account.bucket}", asked)
    if account.bucket is not None and reached:
        yield from _results(account, title, held)


def _job(resource: str) -> str:
    return resource.replace(":quantum-task/", ":job/")


def _results(account: Account, title: str, held: Holder) -> Iterator[Question]:
    """A place in the bucket is one's own by the id of who asks."""
    inside = held.scope.split("/")[1:]
    prefix = "/".join([*inside, "x", "y"][:2])
    buckets = {
        resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        for statement in held.policy
        for resource in statement["Resource"]
        if "s3:PutObject" in statement["Action"]
    }
    for bucket in sorted(buckets):
        mine = f"arn:aws:s3:::{bucket}/{prefix}/{ME}/results.json"
        stored = request(account, held, "s3:PutObject", mine, guarded=True)
        yield Question(f"{title} stores results in {bucket}", True, ((stored,),))
        theirs = request(account, held, "s3:PutObject", mine.replace(ME, "AROAEXAMPLE:you"))
        yield _denied(f"{title} stores results of somebody else in {bucket}", theirs)
        if inside:
            away = request(
                account, held, "s3:PutObject", mine.replace(f"/{inside[0]}/", "/else/", 1)
            )
            yield _denied(f"{title} stores results outside of {held.scope} in {bucket}", away)


def _assuming(model: AccessModel, account: Account, held: Holder) -> Iterator[Question]:
    """Who may assume a role: with a token of exactly this subject, or with a second factor."""
    if held.trust is None:
        return
    role = f"arn:aws:iam::{account.number}:role/{held.name}"
    workload = model.workload_of(held.principal)
    if workload is None or workload.issuer is None:
        yield from _elevated(model, account, held, role)
        return
    issuer = workload.issuer.removeprefix("https://")
    provider = f"arn:aws:iam::{account.number}:oidc-provider/{issuer}"
    subject, audience = workload.subject or "", workload.audience or ""
    tokens = {
        "its own token": (subject, audience, True),
        "a token of a longer subject": (f"{subject}-2", audience, False),
        "a token of another repository": (_other(subject), audience, False),
        "a token of another branch": (f"{subject.rpartition(':')[0]}:other", audience, False),
        "a token for another audience": (subject, f"{audience}-2", False),
    }
    for what, (sub, aud, expect) in tokens.items():
        known = {f"{issuer}:sub": sub, f"{issuer}:aud": aud}
        asked = Request(provider, _WEB, role, account.number, known, (), (), held.trust)
        yield Question(f"{held.principal} assumes {held.name} with {what}", expect, ((asked,),))


def _other(subject: str) -> str:
    """A subject of the same form, of somebody else."""
    head, separator, rest = subject.partition("/")
    return f"{head}-2{separator}{rest}" if separator else f"x{subject}"


def _elevated(model: AccessModel, account: Account, held: Holder, role: str) -> Iterator[Question]:
    """An elevation: a grant of the system that gives them, and a second factor where it is
    asked for."""
    asked_for = _conditions(model, account, held)
    asks = asked_for.mfa
    grant = ({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role},)
    user = f"arn:aws:iam::{account.number}:user/me"
    fresh = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"}
    stale = {**fresh, "aws:MultiFactorAuthAge": "999999"}
    cases: Mapping[str, tuple[dict[str, str], bool, bool]] = {
        "a second factor": (fresh, True, True),
        "no second factor": ({}, True, not asks),
        "a second factor that is false": ({"aws:MultiFactorAuthPresent": "false"}, True, not asks),
        "a second factor and no grant": (fresh, False, False),
    }
    if asks and asked_for.max_token_age_s is not None:
        cases = {**cases, "a second factor of last week": (stale, True, False)}
    for what, (known, granted, expect) in cases.items():
        identity = (grant,) if granted else ()
        asked = Request(
            user, "sts:AssumeRole", role, account.number, known, identity, account.guard, held.trust
        )
        yield Question(f"somebody assumes {held.name} with {what}", expect, ((asked,),))


def _conditions(model: AccessModel, account: Account, held: Holder) -> Conditions:
    """What the bindings of a role at a scope ask for, wherever in it."""
    found = NONE
    for binding in model.bindings:
        scope = account.tenant if binding.scope == "*" else binding.scope
        if (binding.role, scope) == (held.role, held.scope):
            places = [scope, *(each for each in account.environments if contains(scope, each))]
            workload = model.workload_of(binding.principal)
            for place in places:
                floor, role = model.floor(place), model.roles[binding.role]
                found &= required(floor, role, binding, workload)
    return found


def _of_administrator(model: AccessModel, account: Account) -> Iterator[Question]:
    """What not even an administrator of the account may do, and the role that applies the
    Terraform may."""
    limit = f"arn:aws:braket:eu-north-1:{account.number}:spending-limit/1"
    trail = f"arn:aws:cloudtrail:eu-north-1:{account.number}:trail/qgov"
    calls = [(f"braket:{name}", limit) for name in _LIMITS]
    calls += [("cloudtrail:StopLogging", trail), ("cloudtrail:DeleteTrail", trail)]
    admin = f"arn:aws:iam::{account.number}:role/admin"
    for who, expect in ((admin, False), (account.deploy_role, True)):
        session = who.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/me"
        for action, resource in calls:
            known = {"aws:PrincipalArn": who}
            asked = Request(
                session, action, resource, account.number, known, (FULL,), account.guard
            )
            name = who.rpartition("/")[2]
            yield Question(f"{name} does {action} in {account.tenant}", expect, ((asked,),))
    used = {
        name
        for environment in model.tenants[account.tenant].environments.values()
        if environment.scope in account.environments
        for name in environment.backends
    }
    for backend, (region, path) in devices(model).items():
        if backend not in used:
            device = f"arn:aws:braket:{region}:{account.number}:device/{path}"
            session = f"arn:aws:sts::{account.number}:assumed-role/admin/me"
            known = {"aws:PrincipalArn": admin, "aws:RequestedRegion": region}
            asked = Request(
                session,
                "braket:CreateQuantumTask",
                device,
                account.number,
                known,
                (FULL,),
                account.guard,
            )
            yield _denied(f"admin submits to {backend} in {account.tenant}", asked)


def _denied(name: str, asked: Request) -> Question:
    return Question(name, False, ((asked,),))
