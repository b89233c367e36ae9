"""Signs the shipped protocol library with the development key: python -m hw_sim.keys.sign_library.

Takes the new library version as its only argument and rewrites edge/protocols/library.json. The key
beside this file is public knowledge and good for development and simulation only. Reads and writes
files; no clock.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edge.services.library import MANIFEST, LibraryError, read_library_files, sign_library

KEY_FILE = Path(__file__).parent / "development_signing_key.hex"
PROTOCOLS = Path(__file__).parents[2] / "edge" / "protocols"


def main(arguments: list[str]) -> int:
    """Exit code 0 when the manifest was written."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m hw_sim.keys.sign_library <library version>\n")
        return 2
    try:
        manifest = sign_library(
            read_library_files(PROTOCOLS),
            KEY_FILE.read_text(encoding="ascii").strip(),
            arguments[0],
            author="tms-edge development",
            approver="nobody: development key",
        )
    except LibraryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (PROTOCOLS / MANIFEST).write_bytes(manifest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
