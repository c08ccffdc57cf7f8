"""Reading a system over HTTP: whole, within bounds, or not at all."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from msgspec import Struct, field

from qgov.drift.deadline import Deadline, transport
from qgov.drift.observer import Asked, UnreadableError

__all__ = ["Remote", "path_of", "remote"]

LARGEST: Final = 64 * 1024 * 1024
"""The most bytes of one answer."""

WHOLE_S: Final = 900.0
"""The longest that all answers of one system together may take, in seconds."""

MOST_PAGES: Final = 5_000
"""The most pages of one list, so that one without an end has one here."""

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

T = TypeVar("T")
U = TypeVar("U")


def path_of(*parts: str) -> str:
    """A path below the base, each part escaped."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class Remote(Struct, frozen=True):
    """A system at an address. Every read raises UnreadableError for whatever is not the whole
    answer: no connection or none that can be trusted, another status than 200, a redirect,
    something that is not JSON, more than there is room for, and what takes longer than
    `deadline_s`, or all together longer than until `ends` (by the monotonic clock). `rights` are
    what paths need, by how they begin."""

    base: str
    client: httpx.Client
    deadline_s: float
    parallel: int
    ends: float
    deadline: Deadline
    rights: Mapping[str, str] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    """How many entries the longest page had so far, by the last part of its path."""

    def get(self, path: str, /, **query: str | int) -> Any:
        """The JSON at a path."""
        answer = self._read("GET", path, query or None, None)
        return _json(answer, f"{self.base}{path}")

    def post_form(self, path: str, form: Mapping[str, str]) -> Any:
        """The JSON that answers a form: how tokens are asked for."""
        return _json(self._read("POST", path, None, form), f"{self.base}{path}")

    def pages(self, path: str, size: int = 500, /, **query: str | int) -> list[Any]:
        """Every entry of a list that takes `first` and `max` and does not say how long it is.
        A short page is the last, unless a server, or what stands before it, may have a bound of
        its own there: a round number, and no page of the same kind was longer before."""
        found: list[Any] = []
        seen: set[str] = set()
        kind = path.rpartition("/")[2]
        for _ in range(MOST_PAGES):
            page = self.get(path, **query, first=len(found), max=size)
            if not isinstance(page, list):
                raise UnreadableError(f"{self.base}{path}: not a list")
            ids = [str(e.get("id")) for e in page if isinstance(e, Mapping) and e.get("id")]
            if not seen.isdisjoint(ids):
                raise UnreadableError(
                    f"{self.base}{path}: a page came twice, so it is not all there"
                )
            seen.update(ids)
            found += page
            longest = self.longest[kind] = max(self.longest.get(kind, 0), len(page))
            bound = len(page) == size or (len(page) == longest and not len(page) % 10)
            if not page or not bound:
                return found
        raise UnreadableError(f"{self.base}{path}: does not end")

    def each(self, read: Callable[[T], U], things: Iterable[T]) -> list[U]:
        """What `read` gives for each, in their order, some at a time. The first that fails fails
        all."""
        with ThreadPoolExecutor(self.parallel) as pool:
            try:
                return list(pool.map(read, things))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        form: Mapping[str, str] | None,
    ) -> bytes:
        url = f"{self.base}{path}"
        if time.monotonic() > self.ends:
            raise UnreadableError(f"{url}: after {WHOLE_S:g} s not all of it was read")
        with (
            _said(url, self.deadline_s),
            self.deadline.within(self.deadline_s),
            self.client.stream(method, url, params=query, data=form) as answer,
        ):
            self._require(answer, url, path)
            content = bytearray()
            for part in answer.iter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise UnreadableError(f"{url}: more than {LARGEST // 1024 // 1024} MiB")
            return bytes(content)

    def _require(self, answer: httpx.Response, url: str, path: str) -> None:
        status = answer.status_code
        if answer.is_redirect:
            there = urlsplit(answer.headers.get("location", "")).netloc
            raise UnreadableError(
                f"{url}: redirects{f' to {there}' if there else ''}; not followed"
            )
        if status in (401, 403):
            right = next((r for p, r in self.rights.items() if path.startswith(p)), "")
            lacks = f"; the right `{right}` is needed" if right and status == 403 else ""
            raise UnreadableError(
                f"{url}: {'not signed in' if status == 401 else 'forbidden'}{lacks}"
            )
        if status == 404:
            raise UnreadableError(f"{url}: not found")
        if status != 200:
            raise UnreadableError(f"{url}: answered with status {status}")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnreadableError(f"{url}: `{kind or 'nothing'}` in place of JSON")


@contextmanager
def _said(url: str, deadline_s: float) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise UnreadableError(f"{url}: not answered within {deadline_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, ValueError) as error:
        raise UnreadableError(f"{url}: {str(error) or type(error).__name__}") from error


def _json(content: bytes, url: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{url}: its JSON is cut off or broken") from error


@contextmanager
def remote(
    asked: Asked,
    base: str,
    headers: Mapping[str, str] | None = None,
    rights: Mapping[str, str] | None = None,
) -> Iterator[Remote]:
    """The system at an address, for as long as it is read. Certificates are checked, by the
    authorities of `QGOV_CA_FILE` where that is given. Raises UnreadableError for an address that
    sends secrets in the clear to somewhere else, or that is none."""
    parts = urlsplit(base)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise UnreadableError(f"`{base}` is no address of a server")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UnreadableError(f"{base}: use https, so that the secret is not sent in the clear")
    try:
        context = ssl.create_default_context(cafile=asked.setting("QGOV_CA_FILE"))
    except (OSError, ssl.SSLError) as error:
        raise UnreadableError("QGOV_CA_FILE: no certificates can be read from it") from error
    deadline = Deadline()
    with httpx.Client(
        transport=transport(context, asked.parallel, deadline),
        headers={"Accept": "application/json", **(headers or {})},
        timeout=httpx.Timeout(asked.timeout_s),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield Remote(
            base.rstrip("/"),
            client,
            asked.timeout_s,
            asked.parallel,
            time.monotonic() + WHOLE_S,
            deadline,
            rights or {},
        )
