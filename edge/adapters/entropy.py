"""Secrets and identities from the system's random source."""

from __future__ import annotations

import secrets


class SystemEntropy:
    """edge.ports.Entropy."""

    def token_bytes(self, n: int) -> bytes:
        return secrets.token_bytes(n)
