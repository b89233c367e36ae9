"""The tables of the one database, and the version of that layout.

Statements only; edge/adapters/sqlite_store.py runs them at first start. Everything that matters is
append-only (journal, audit, dose) or carries its own hash; times are UTC ISO text for people and
monotonic microseconds with a boot number for order.
"""

from __future__ import annotations

LAYOUT_VERSION = 1

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE account (
  user_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN
  ('technician', 'engineer', 'clinician')), pin_hash TEXT NOT NULL,
  wrong_tries INTEGER NOT NULL DEFAULT 0, is_active INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, mono_us INTEGER NOT NULL, utc TEXT NOT NULL,
  who TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL,
  hash TEXT NOT NULL) STRICT;
CREATE TABLE clinic_resource (
  type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, body BLOB NOT NULL,
  seen_utc TEXT NOT NULL, is_withdrawn INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (type, id)) STRICT;
CREATE TABLE session (
  session_id TEXT PRIMARY KEY, appointment_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  facts TEXT NOT NULL, state TEXT NOT NULL, opened_utc TEXT NOT NULL,
  record TEXT, closed_utc TEXT) STRICT;
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session, boot INTEGER NOT NULL,
  mono_us INTEGER NOT NULL, utc TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE INDEX journal_session ON journal (session_id, seq);
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, session_id TEXT, kind TEXT NOT NULL,
  body BLOB NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN
  ('ready', 'sending', 'sent', 'quarantined')), next_step INTEGER NOT NULL DEFAULT 0,
  refs TEXT NOT NULL DEFAULT '{}', attempts INTEGER NOT NULL DEFAULT 0,
  last_answer TEXT NOT NULL DEFAULT '', queued_utc TEXT NOT NULL, sent_utc TEXT) STRICT;
"""

# Made at each start where it is missing: a store of layout 1 may be older than this table, and
# nothing else of the layout changes with it.
CONTACT_PROOF = """
CREATE TABLE IF NOT EXISTS contact_proof (
  name TEXT PRIMARY KEY, since_utc TEXT NOT NULL, sessions INTEGER NOT NULL,
  patients INTEGER NOT NULL, last_patient TEXT NOT NULL) STRICT;
"""

# The same for certificates of safety tests; body is edge/domain/certificate.py's, signature hex.
CERTIFICATE = """
CREATE TABLE IF NOT EXISTS certificate (
  number INTEGER PRIMARY KEY, body TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
"""

# The same for the constants of coils; text is the JSON of edge/services/coil_memory.py.
COIL_HEAT = """
CREATE TABLE IF NOT EXISTS coil_heat (
  serial TEXT PRIMARY KEY, coil_type TEXT NOT NULL, constants TEXT NOT NULL,
  trains INTEGER NOT NULL, learned_utc TEXT NOT NULL) STRICT;
"""
