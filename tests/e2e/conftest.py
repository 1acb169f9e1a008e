"""One installation for all end-to-end tests."""

from __future__ import annotations

import pytest

from tests.e2e.installation import Installation, install


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel of this checkout, installed."""
    return install(tmp_path_factory.mktemp("installation"))
