"""A complete, valid configuration as TOML text, with named changes."""

from __future__ import annotations

UNIT_TOML = """
[unit]
unit_id = "SIM-0001"
clinic_name = "Example clinic"
time_zone = "Europe/Berlin"
language = "en"

[serial]
device = "/dev/serial0"
baud = 921600
link_key_path = "/var/lib/tms-edge/link.key"

[gpio]
pin_factory = "lgpio"
estop_pin = 5
door_pin = 6
coil_pin = 13
patient_pin = 19
enclosure_pin = 25
attend_pin = 12
flow_pin = 4
lamp_ready_pin = 20
lamp_fault_pin = 21
sounder_pin = 26
host_enable_pin = 16
host_back_pin = 24
gate_back_pin = 23
sounder_back_pin = 22
adc_clock_pin = 11
adc_mosi_pin = 10
adc_miso_pin = 9
adc_select_pin = 8

[store]
path = "/var/lib/tms-edge/store.db"
log_path = "/var/lib/tms-edge/changes"
key_path = "/var/lib/tms-edge/store.key"

[clinic]
base_url = "http://127.0.0.1:8070/fhir"
unit_identifier_system = "https://tms.example.org/id/unit"
ca_path = ""
pull_period_s = 30
order_valid_days = 7

[kiosk]
host = "127.0.0.1"
port = 8080
page_dir = "kiosk/dist"
origins = ["http://127.0.0.1:8080", "http://localhost:8080"]
lock_after_s = 300

[limits]
level_pct_max = 100
ipi_us_min = 9000
train_pulses_max = 1800
session_pulses_max = 6000
day_pulses_max = 18000
surface_c10_max = 410
surface_c10_warn = 390
winding_c10_max = 800
heartbeat_ms_max = 500
percent_mt_max = 120
threshold_age_days_max = 42
pause_s_max = 900

[safety]
safety_test_valid_h = 24
signing_key_path = "/var/lib/tms-edge/signing.key"

[protocols]
path = "edge/protocols"
trusted_keys = ["0000000000000000000000000000000000000000000000000000000000000000"]
"""


def unit_toml(**changes: str) -> str:
    """UNIT_TOML with whole values replaced: unit_toml(baud="9600", unit_id='"X"')."""
    lines = []
    for line in UNIT_TOML.splitlines():
        key = line.split(" = ")[0]
        lines.append(f"{key} = {changes.pop(key)}" if key in changes else line)
    assert not changes, f"no such key: {sorted(changes)}"
    return "\n".join(lines)
