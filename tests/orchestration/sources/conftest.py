"""Landing of small files, as the tests of landing have it."""

from tests.orchestration.landing.conftest import landed

__all__ = ["landed"]
