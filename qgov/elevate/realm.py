"""A Keycloak's just-in-time groups: who is in them, and putting somebody in or out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import httpx
from msgspec import Struct

from qgov.drift.observer import Need, UnreadableError
from qgov.drift.observers.keycloak.read import members_of, top_groups
from qgov.drift.remote import Remote, path_of
from qgov.language.persons import folded

__all__ = ["NEEDS", "Account", "Directory", "members_by_id", "read_directory", "write"]

NEEDS: Final = (
    Need("GET /groups, /groups/count", "view-users", "the just-in-time groups"),
    Need("GET /groups/ID/members", "view-users", "who is in them"),
    Need("GET /users, /users/ID/groups", "view-users", "who is elevated, and is still eligible"),
    Need("PUT, DELETE /users/ID/groups/ID", "manage-users", "the memberships"),
)
"""Below `/admin/realms/REALM`, as roles of the client `realm-management`."""


class Account(Struct, frozen=True):
    """An account. `groups` are the paths of the groups that it is directly in."""

    id: str
    name: str
    enabled: bool
    groups: frozenset[str] = frozenset()


class Directory(Struct, frozen=True):
    """What was read of a realm: the ids of its groups by path, the members of some of them, and
    the accounts of persons by their folded ids (none, or several that compare equal)."""

    groups: Mapping[str, str]
    members: Mapping[str, tuple[Account, ...]]
    accounts: Mapping[str, tuple[Account, ...]]

    @property
    def count(self) -> int:
        """How many facts these are."""
        return len(self.groups) + sum(map(len, self.members.values())) + len(self.accounts)


def read_directory(
    server: Remote, realm: str, groups: Iterable[str], persons: Iterable[str], *, by_id: bool
) -> Directory:
    """The members of groups (by path, those that are there), and the accounts of persons: by
    their user name, or (`by_id`) by the account's id.

    Raises UnreadableError for whatever is not the whole answer.
    """
    at = path_of("admin", "realms", realm)
    try:
        ids = {one["path"].removeprefix("/"): str(one["id"]) for one in top_groups(server, at)}
        there = [path for path in groups if path in ids]
        members = server.each(lambda path: members_of(server, at, ids[path]), there)
        people = {folded(person): person for person in persons}
        accounts = server.each(lambda one: _accounts(server, at, one, by_id), people.values())
        return Directory(
            ids,
            {p: tuple(map(_account, of)) for p, of in zip(there, members, strict=True)},
            dict(zip(people, accounts, strict=True)),
        )
    except (AttributeError, KeyError, TypeError) as error:
        told = f"{type(error).__name__}: {error}"
        raise UnreadableError(f"{server.base}{at}: not as Keycloak tells it ({told})") from error


def members_by_id(server: Remote, realm: str, groups: Iterable[str]) -> dict[str, set[str]]:
    """The ids of those who are in groups, by the groups' ids."""
    at, ids = path_of("admin", "realms", realm), [*groups]
    found = server.each(lambda group: members_of(server, at, group), ids)
    return {g: {str(one["id"]) for one in of} for g, of in zip(ids, found, strict=True)}


def write(server: Remote, method: str, realm: str, account: str, group: str) -> str:
    """Put an account into a group (`PUT`) or take it out (`DELETE`), both of which may be done
    again. Says what went wrong; nothing where the server says that it is done."""
    path = path_of("admin", "realms", realm, "users", account, "groups", group)
    try:
        with (
            server.deadline.within(server.deadline_s),
            server.client.stream(method, f"{server.base}{path}") as answer,
        ):
            status = answer.status_code
    except httpx.TimeoutException:
        return f"not answered within {server.deadline_s:g} s"
    except (httpx.HTTPError, ValueError) as error:
        return f"no answer ({str(error) or type(error).__name__})"
    if status == httpx.codes.FORBIDDEN:
        return "forbidden; the right `manage-users` is needed"
    return "" if httpx.codes.is_success(status) else f"answered with status {status}"


def _account(one: Mapping[str, Any], groups: Iterable[str] = ()) -> Account:
    enabled = one["enabled"]
    if not isinstance(enabled, bool):
        raise TypeError("`enabled` is neither true nor false")
    return Account(str(one["id"]), str(one["username"]), enabled, frozenset(groups))


def _accounts(server: Remote, at: str, person: str, by_id: bool) -> tuple[Account, ...]:
    """Who is called so, with their groups. A search may be answered with more than was asked."""
    asked = {"search": f"id:{person}"} if by_id else {"username": person, "exact": "true"}
    found = server.get(f"{at}/users", **asked)
    if not isinstance(found, list):
        raise TypeError("a search has no list of users")
    key = "id" if by_id else "username"
    same = [one for one in found if folded(str(one[key])) == folded(person)]
    groups = [server.pages(f"{at}/users{path_of(one['id'])}/groups", 100) for one in same]
    return tuple(
        _account(one, (str(each["path"]).removeprefix("/") for each in of))
        for one, of in zip(same, groups, strict=True)
    )
