"""Stands for the programs that a run starts: `python -m hw_sim unit|clinic` and `tms-edge`.

Does what the run waits for and no more. A file named like a part in the run's folder makes that
part fail: <part>-dies (after being ready), <part>-refuses (before), <part>-ignores-sigterm.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["unit", "clinic", "serve", "accounts"])
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--port", type=int)
    args, _ = parser.parse_known_args()
    folder: Path = args.dir or args.config.parent
    part = {"serve": "edge"}.get(args.part, args.part)
    if (folder / f"{part}-refuses").exists():
        sys.stdout.write(f"{part} says no\n")
        sys.exit(3)
    if part == "accounts" and sys.argv[2] == "list":
        sys.stdout.write(json.dumps([{"user_id": "lee"}]))
        return
    if part == "accounts":
        pin = sys.stdin.readline().strip()
        with (folder / "accounts.txt").open("a") as file:
            file.write(f"{sys.argv[3]} {pin}\n")
        return
    port = args.port or tomllib.loads(args.config.read_text())["kiosk"]["port"]
    if part == "unit":
        (folder / "tms-serial").touch()
        (folder / "tms-gpio.sock").touch()
    with (folder / f"{part}.pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if (folder / f"{part}-ignores-sigterm").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = HTTPServer(("127.0.0.1", port), Ok)
    if (folder / f"{part}-dies").exists():
        sys.stdout.write(f"{part} has had enough\n")
        sys.stdout.flush()
        threading.Timer(0.5, os._exit, [7]).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
