"""The tables of the one database, and the version of that layout.

Statements only; edge/adapters/store/sqlite_store.py runs them at each start, so that a table can be
added without another layout. In certificate, body is edge/domain/certificate.py's and signature is
hex; in coil_heat, constants is the JSON of edge/services/coil_memory.py; held_decision is about
sessions that could not be understood, whose own row stays as it is. Everything that matters is
append-only (journal, audit, dose) or carries its own hash; times are UTC ISO text for people and
monotonic microseconds with a boot number for order.
"""

from __future__ import annotations

LAYOUT_VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS account (
  user_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN
  ('technician', 'engineer', 'clinician')), pin_hash TEXT NOT NULL,
  wrong_tries INTEGER NOT NULL DEFAULT 0, is_active INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, mono_us INTEGER NOT NULL, utc TEXT NOT NULL,
  who TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL,
  hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS clinic_resource (
  type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, body BLOB NOT NULL,
  seen_utc TEXT NOT NULL, is_withdrawn INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (type, id)) STRICT;
CREATE TABLE IF NOT EXISTS session (
  session_id TEXT PRIMARY KEY, appointment_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  facts TEXT NOT NULL, state TEXT NOT NULL, opened_utc TEXT NOT NULL,
  record TEXT, closed_utc TEXT) STRICT;
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session, boot INTEGER NOT NULL,
  mono_us INTEGER NOT NULL, utc TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS journal_session ON journal (session_id, seq);
CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, session_id TEXT, kind TEXT NOT NULL,
  body BLOB NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN
  ('ready', 'sending', 'sent', 'quarantined')), next_step INTEGER NOT NULL DEFAULT 0,
  refs TEXT NOT NULL DEFAULT '{}', attempts INTEGER NOT NULL DEFAULT 0,
  last_answer TEXT NOT NULL DEFAULT '', queued_utc TEXT NOT NULL, sent_utc TEXT) STRICT;
CREATE TABLE IF NOT EXISTS contact_proof (
  name TEXT PRIMARY KEY, since_utc TEXT NOT NULL, sessions INTEGER NOT NULL,
  patients INTEGER NOT NULL, last_patient TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS certificate (
  number INTEGER PRIMARY KEY, body TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS coil_heat (
  serial TEXT PRIMARY KEY, coil_type TEXT NOT NULL, constants TEXT NOT NULL,
  trains INTEGER NOT NULL, learned_utc TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS held_decision (
  session_id TEXT PRIMARY KEY, why TEXT NOT NULL, decided_by TEXT NOT NULL,
  reason TEXT NOT NULL, decided_utc TEXT NOT NULL) STRICT;
"""

# Kept a second time, in the change log. The clinic's copies are not: they are asked for again.
LOGGED_TABLES = (
    "meta",
    "account",
    "audit",
    "session",
    "journal",
    "outbox",
    "contact_proof",
    "certificate",
    "coil_heat",
    "held_decision",
)
