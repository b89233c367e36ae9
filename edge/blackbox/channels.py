"""Names of everything that crosses the border of the recorded product, as numbers on the tape.

Reads are asked for and answered at once, asks are answered later, doors are how the outer world
calls in, outs are what the product does to it. A number is never used for something else later: old
recordings are read by it.
"""

from __future__ import annotations

from enum import IntEnum


class Ch(IntEnum):
    """One kind of crossing."""

    # Reads
    CLOCK = 1
    PANEL = 2
    THERMOMETER = 3
    ENTROPY = 4
    DISK = 5
    SOUNDER_BACK = 6
    ROWS = 7  # of a statement that reads
    WRITTEN = 8  # rows or error of a statement that writes
    TRANSACTION = 9  # whether it began, was committed, was folded
    SIGNATURE = 10
    IS_SIGNED = 11
    PUBLIC_KEY = 12
    LINK_TAKES = 13  # whether the line took the bytes
    FITTED = 14
    RECORDED = 15
    STORE_LOG = 16
    STORE_REPAIRED = 17
    # Asks
    LINK_OPEN = 32
    LINK_READ = 33
    CLINIC = 34
    PIN_HASH = 35
    PIN_VERIFY = 36
    # Doors
    BUILD = 64
    RUN = 65
    CANCEL = 66
    PANEL_EDGE = 67
    LOGIN = 68
    LOGOUT = 69
    NOTE_READ = 70
    CONNECT = 71
    RECEIVE = 72
    RECEIVE_BINARY = 73
    DISCONNECT = 74
    FAILURE = 75  # of a callback of the real loop
    # Outs
    LINK = 96
    LAMP = 97
    SOUNDER = 98
    HOST = 99
    STORE = 100
    CLINIC_ASKED = 101
    SCREEN = 102
    NOTICE = 103  # to the init system
    NOTE = 104  # what the product itself notes for people
    WATCH = 105


# Whose contents come again and again, and are kept once.
REPEATED = frozenset({Ch.ROWS, Ch.WRITTEN, Ch.CLINIC})
# Outs that are kept in full: small, without names, and what a person wants to see of both runs.
IN_CLEAR = frozenset({Ch.LINK, Ch.LAMP, Ch.SOUNDER, Ch.HOST, Ch.NOTICE, Ch.WATCH})
