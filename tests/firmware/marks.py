# The marker of a control for the portable tests: real under pytest, nothing under MicroPython,
# where there is no pytest. Ids are those of docs/risk/controls.toml.
from firmware.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

try:
    import pytest

    control: "Any" = pytest.mark.control
except ImportError:

    def control(*ids: str) -> "Any":
        """Give the test back as it is."""
        del ids
        return lambda test: test
