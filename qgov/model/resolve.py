"""Resolving names: every reference meets its definition, or a finding says where not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import ceil
from typing import Final

from qgov.finding import Finding, Origin, closest
from qgov.language.currencies import CURRENCIES
from qgov.language.documents import Document
from qgov.language.kinds.base import Floor
from qgov.language.kinds.base import JobLimits as JobLimitsSpec
from qgov.language.kinds.organization import OrganizationSpec
from qgov.language.scalars import MICROS, Money, UnitPrice
from qgov.model.conditions import NO_LIMITS, NONE, Conditions, JobLimits

__all__ = ["UNDEFINED", "Resolver", "in_currency", "rates_of"]

UNDEFINED: Final = {
    "role": "QG201",
    "group": "QG202",
    "tenant": "QG203",
    "environment": "QG204",
    "project": "QG205",
    "backend": "QG206",
    "store": "QG207",
    "queue": "QG208",
    "identity provider": "QG209",
    "framework": "QG210",
    "budget": "QG211",
    "secrets manager": "QG212",
    "vendor": "QG213",
    "document": "QG214",
    "workload": "QG215",
}
"""The code of an undefined name, by what it names."""

_KINDS: Final = {
    "role": "Role",
    "group": "Group",
    "tenant": "Tenant",
    "budget": "Budget",
}
"""What is defined by a document of its own (or, as a group, by several)."""


def rates_of(spec: OrganizationSpec) -> dict[str, Fraction]:
    """What one unit of each other currency, and one credit, is worth in the organization's
    currency. A credit whose own currency has no rate is taken for that: the link stage refuses
    it."""
    rates = {code: Fraction(rate.rate) for code, rate in spec.exchange_rates.items()}
    known = {**rates, spec.currency: Fraction(1)}
    credits_ = {
        name: Fraction(credit.worth.amount) * known.get(credit.worth.currency, 1)
        for name, credit in spec.credits.items()
    }
    return credits_ | rates


def in_currency(money: Money, currency: str, rates: Mapping[str, Fraction]) -> int | None:
    """The amount in micros of a currency, rounded up; None without a rate for it."""
    exact = exactly(Fraction(money.micros), money.currency, currency, rates)
    return None if exact is None else ceil(exact)


def exactly(
    micros: Fraction, of: str, currency: str, rates: Mapping[str, Fraction]
) -> Fraction | None:
    """Micros of one currency in micros of another; None without a rate for it."""
    if of == currency:
        return micros
    return None if (rate := rates.get(of)) is None else micros * rate


class Resolver:
    """Collects the link stage's findings while names and amounts are resolved.

    `elsewhere` holds (kind, name) of documents that exist but are not here: they are broken, or
    they belong to a part of the repository that was not loaded. With `groups_known` False nothing
    is said about undefined groups: a document that may define them cannot be read. Without
    `collections_known`, what is missing as a whole may be in what could not be read.
    """

    def __init__(
        self,
        elsewhere: Collection[tuple[str, str]],
        *,
        groups_known: bool = True,
        collections_known: bool = True,
    ) -> None:
        self.elsewhere = elsewhere
        self._groups_known = groups_known
        self._collections_known = collections_known
        self._comparisons = 200_000
        self.findings: list[Finding] = []
        self._currency = ""
        self._folded: dict[tuple[int, int], tuple[Conditions, Conditions, Conditions]] = {}
        self._rates: dict[str, Fraction] = {}

    def use_currency(self, spec: OrganizationSpec) -> None:
        """Amounts are converted to the organization's currency from now on."""
        self._currency = spec.currency
        self._rates = rates_of(spec)

    def refuse(self, code: str, message: str, origin: Origin, remedy: str, document: str) -> None:
        """Report an error."""
        self.findings.append(Finding(code, message, origin, remedy, document=document))

    def defined(
        self,
        what: str,
        name: str,
        known: Collection[str],
        source: Document,
        *path: str | int,
    ) -> bool:
        """Whether `name`, written at `path` of `source`, is among `known`; an error
        otherwise, unless its document exists elsewhere."""
        if name in known:
            return True
        silent = (
            (_KINDS.get(what, ""), name) in self.elsewhere
            or (what == "group" and not self._groups_known)
            or (not known and not self._collections_known)
        )
        if not silent:
            self.refuse(
                UNDEFINED[what],
                f"there is no {what} `{name}`{self._hint(name, known)}",
                source.at(*path),
                f"define the {what}, or use one that exists",
                source.id,
            )
        return False

    def _hint(self, name: str, known: Collection[str]) -> str:
        # Bounded: a change that misspells thousands of names must not stall the run.
        self._comparisons -= len(known)
        return closest(name, known) if self._comparisons >= 0 else ""

    def micros(self, money: Money, source: Document, *path: str | int) -> int:
        """The amount, written at `path` of `source`, in micros of the organization's
        currency, rounded up."""
        if money.currency == self._currency:
            return money.micros
        return ceil(self.exact_micros(money, source, *path))

    def exact_micros(
        self, price: Money | UnitPrice, source: Document, *path: str | int
    ) -> Fraction:
        """The amount, written at `path` of `source`, in micros of the organization's currency."""
        if isinstance(price, Money):
            micros = Fraction(price.micros)
        else:
            micros = Fraction(price.amount) * MICROS
        found = exactly(micros, price.currency, self._currency, self._rates)
        if found is None:
            self._refuse_unit(price.currency, source, *path)
            return micros
        return found

    def worth(self, unit: str, spec: OrganizationSpec, source: Document, *path: str) -> None:
        """Refuse what a credit's worth is written in at `path` of `source`, when it is another
        credit, or a currency without a rate."""
        if unit in spec.credits:
            message = f"the worth of a credit is in `{unit}`, which is a credit itself"
            remedy = f"write what it is worth in {self._currency}"
            self.refuse("QG216", message, source.at(*path), remedy, source.id)
        elif unit not in (spec.currency, *spec.exchange_rates):
            self._refuse_unit(unit, source, *path)

    def _refuse_unit(self, unit: str, source: Document, *path: str | int) -> None:
        if unit in CURRENCIES:
            message = f"there is no exchange rate from {unit} to {self._currency}"
            field = "exchangeRates"
        else:
            known = [self._currency, *self._rates]
            message = f"there is no currency or credit `{unit}`{self._hint(unit, known)}"
            field = "credits"
        self.refuse(
            "QG216",
            message,
            source.at(*path),
            f"add {field}.{unit}, or write {self._currency}",
            source.id,
        )

    def both(self, one: Conditions, other: Conditions) -> Conditions:
        """What two floors ask together: one object for all places where these two hold."""
        key = (id(one), id(other))
        if key not in self._folded:
            self._folded[key] = (one & other, one, other)  # kept, so that their ids are
        return self._folded[key][0]

    def conditions(self, floor: Floor | None, source: Document, *path: str | int) -> Conditions:
        """A floor of the language as conditions."""
        if floor is None:
            return NONE
        return Conditions(
            mfa=floor.mfa,
            managed_device=floor.managed_device,
            max_token_age_s=floor.max_token_age,
            countries=tuple(sorted(set(floor.countries))) if floor.countries else None,
            job=self.limits(floor.job, source, *path, "job"),
        )

    def limits(self, limits: JobLimitsSpec | None, source: Document, *path: str | int) -> JobLimits:
        """Job limits of the language with the cost in micros."""
        if limits is None:
            return NO_LIMITS
        cost = limits.cost
        return JobLimits(
            limits.shots,
            limits.circuits,
            limits.qubits,
            limits.qpu_seconds,
            None if cost is None else self.micros(cost, source, *path, "cost"),
        )
