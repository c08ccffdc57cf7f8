"""The steps of each section. What a person wrote stands in code spans, and opens none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from operator import and_

from qgov.language.scalars import format_duration
from qgov.model.conditions import Conditions
from qgov.model.directories import claim_value
from qgov.targets import directory
from qgov.targets.directory import Module, asked, held_by, role_name

__all__ = ["claims", "code", "groups", "just_in_time", "sign_in", "workloads"]


def code(text: str) -> str:
    """A text as a Markdown code span, on one line, whatever it holds."""
    line = "".join(each if each.isprintable() else " " for each in text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line[:1] in ("`", " ") or line[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def groups(module: Module) -> Iterator[str]:
    """Which groups there are, and what each is for."""
    held = held_by(module, "group")
    for group in module.groups:
        roles = [code(role_name(*each)) for each in held.get(group.name, ())]
        holds = ", ".join(roles) or "nothing standing"
        people = f"at least {group.members}" if group.members else "no"
        yield (
            f"{code(group.called)} is there, is kept by whoever answers for it, and has "
            f"{people} people; it is {code(group.name)} here and holds {holds}"
        )


def sign_in(module: Module) -> Iterator[str]:
    """What whoever signs in is asked: the strictest of all that anybody holds."""
    everyone = module.model.organization.floor
    strictest: Conditions = reduce(and_, asked(module).values(), everyone)
    if module.provider.mfa == "enforced" or everyone.mfa:
        yield "everyone shows a second factor"
    elif strictest.mfa:
        yield "people can show a second factor, and are asked for it where the platform wants one"
    if strictest.managed_device:
        yield "whether the device is managed is known, and told to the platform"
    if strictest.countries is not None:
        from_ = " ".join(strictest.countries) or "nowhere"
        yield f"the country is known, and told to the platform; the strictest allows {code(from_)}"
    ages = (strictest.max_token_age_s, module.provider.session_lifetime)
    if (age := min((a for a in ages if a is not None), default=None)) is not None:
        yield f"people sign in again after {code(format_duration(age))}"


def claims(module: Module) -> Iterator[str]:
    """What tokens, or assertions, say."""
    provider = module.provider
    saml = provider.protocol == "saml"
    what, of = ("attribute", "assertions") if saml else ("claim", "access tokens")
    yield f"{of} are issued by {code(provider.issuer)}, and for {code(provider.audience)} alone"
    yield f"the {what} {code(provider.tokens.person)} is a person's id, and never changes hands"
    yield f"the {what} {code(provider.groups_claim)} lists groups, by these values and no others:"
    for group in module.groups:
        value = claim_value(provider, group)
        yield f"{code(value or group.called)} for {code(group.name)}"


def workloads(module: Module) -> Iterator[str]:
    """Workloads bring the tokens of their own issuers; the directory has no part in it."""
    for workload in module.workloads:
        if workload.issuer and workload.subject:
            yield (
                f"{code(workload.id)} has no account here: {code(workload.issuer)} vouches for it "
                f"as {code(workload.subject)}"
            )
        else:
            yield f"{code(workload.id)} has no account here, and nothing vouches for it yet"


def just_in_time(module: Module) -> Iterator[str]:
    """What only the decision ends by itself."""
    for each in directory.just_in_time(module):
        yield (
            f"{code(each.group)} gives nobody {code(role_name(each.role, each.scope))} by itself: "
            f"the decision elevates for at most {code(format_duration(each.max_duration_s))}"
        )
