"""Asking an issuer over HTTP: bounded in time and size, no redirect, no proxy, no environment."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from qgov.identity.claims import strict_json

__all__ = ["DEADLINE_S", "NoAnswerError", "Surroundings", "UnusableAnswerError"]

DEADLINE_S: Final = 5.0
"""Of one answer, from the first byte of the question to the last of the answer."""
MAX_BYTES: Final = 1 << 20
_NO_ADDRESSES: Final[Mapping[str, str]] = {}


class NoAnswerError(Exception):
    """Nobody answered, or not in time."""


class UnusableAnswerError(Exception):
    """Something else was answered than what was asked for."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How issuers are reached from where the gateway runs.

    `addresses`: issuer → the address to ask instead of it, such as that of a Keycloak behind the
    same proxy; only there, and only on loopback, may it be plain http. `secrets`: reference →
    secret, for introspection. `tls` decides which certificates count; by default those of the
    system.
    """

    addresses: Mapping[str, str] = field(default_factory=lambda: _NO_ADDRESSES)
    secrets: Mapping[str, str] = field(default_factory=lambda: _NO_ADDRESSES, repr=False)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def __post_init__(self) -> None:
        for address in self.addresses.values():
            if not _allowed(address):
                raise ValueError(f"`{address}` is neither https nor on loopback")

    def ask(
        self,
        issuer: str,
        url: str,
        form: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object at an address of an issuer's; with a form, the answer to it. Raises
        NoAnswerError, UnusableAnswerError."""
        # In a thread of its own: the caller may be inside of an event loop, as in a notebook.
        pool = ThreadPoolExecutor(1)
        try:
            reached = self._reached(issuer, url)
            asked = pool.submit(asyncio.run, _answer(self.tls, reached, form, login))
            return strict_json(asked.result(DEADLINE_S + 1))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise UnusableAnswerError("no address, or no object in JSON") from error
        finally:
            pool.shutdown(wait=False)

    def _reached(self, issuer: str, url: str) -> str:
        instead = self.addresses.get(issuer, issuer).rstrip("/")
        for base in (issuer.rstrip("/"), instead):
            if url.startswith(f"{base}/"):
                url = instead + url[len(base) :]
                break
        else:
            instead = ""
        if not instead and urlsplit(url).scheme != "https":
            raise UnusableAnswerError("an address that is not https")
        return url


def _allowed(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    try:
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


async def _answer(
    tls: ssl.SSLContext,
    url: str,
    form: Mapping[str, str] | None,
    login: tuple[str, str] | None,
) -> bytes:
    """The body of an answer with status 200."""
    found = bytearray()
    async with (
        asyncio.timeout(DEADLINE_S),
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=DEADLINE_S) as client,
        client.stream(
            "GET" if form is None else "POST",
            url,
            data=form,
            auth=httpx.BasicAuth(*login) if login else None,
            # What is packed can unpack to anything.
            headers={"accept": "application/json", "accept-encoding": "identity"},
        ) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise UnusableAnswerError(f"status {response.status_code}")
        async for part in response.aiter_raw():
            found += part
            if len(found) > MAX_BYTES:
                raise UnusableAnswerError(f"more than {MAX_BYTES} bytes")
    return bytes(found)
