from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.identity.issuer import Issuer, issuing


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found
