"""What is imported: the facts of a source, read by its observer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from qgov.drift.facts import Facts, Held, Setting
from qgov.drift.imports.said import Note, Why
from qgov.drift.observer import Asked, Existing, Observer, UnreadableError
from qgov.drift.observers.terraform.directory import Managed, managed_in, resources_of
from qgov.drift.observers.terraform.document import Document, Resource, read_document
from qgov.drift.observers.terraform.identity import given
from qgov.drift.observers.terraform.meaning import effect_of
from qgov.drift.undo import Fact
from qgov.errors import QgovError
from qgov.targets.hcl import Block
from qgov.targets.kept import GUARD

__all__ = ["Source", "of_observer", "of_state", "state_of"]


class Source(Struct, frozen=True):
    """The facts of a source. `direct` says whether something is held as a binding gives it, and
    `existing` what is there already of a compiled module; `words` are for people, and
    `notes` are what no directory has."""

    facts: Facts
    direct: Callable[[Held], bool]
    existing: Callable[[Sequence[Block]], Iterable[Existing]]
    words: Mapping[Setting, str]
    notes: tuple[Note, ...] = ()


def of_observer(observer: Observer, asked: Asked) -> Source:
    """What an observer finds. Raises UnreadableError."""
    (seen,) = observer.observe(asked)

    def direct(held: Held) -> bool:
        return bool(seen.undo(Fact(held, extra=True)).steps)

    return Source(seen.found, direct, seen.existing, seen.words)


def state_of(file: str, product: str | None) -> tuple[Document, Managed]:
    """The directory that a state or a plan of Terraform manages, of that product where it has
    several. Raises UnreadableError, and QgovError where it has none or it is not said which."""
    document = read_document(file)
    try:
        found = {each.product: each for each in managed_in(document)}
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableError(f"{file}: of a version of its provider that is not known") from error
    if product is None and len(found) == 1:
        product = next(iter(found))
    if product not in found:
        raise QgovError(
            f"{file}: say which directory by --type: it has {', '.join(found)}"
            if found
            else f"{file}: it has no groups of Keycloak, Okta or Entra ID"
        )
    return document, found[product]


def of_state(document: Document, managed: Managed) -> Source:
    """What a state manages."""
    rest = {each.address: each for each in resources_of(document)}
    own = {each.address for each in managed.resources}
    notes = tuple(
        _unsaid(
            r for a, r in rest.items() if a.partition("[")[0] not in own and not a.startswith(GUARD)
        )
    )
    return Source(managed.facts, given, managed.existing, managed.words, notes)


def _unsaid(resources: Iterable[Resource]) -> Iterator[Note]:
    by_words: dict[str, list[str]] = defaultdict(list)
    for each in resources:
        words = effect_of(each.type, each.values, {}).words
        by_words[words].append(each.address)
    for words, addresses in by_words.items():
        named = "`, `".join(addresses)
        yield Note(
            Why.UNSAID,
            f"`{named}`",
            f"they say who may {words}, and the language has no word for it",
            "keep them in their own module; for a cloud, write the tenant and its account in "
            "`clouds`, and compile",
        )
