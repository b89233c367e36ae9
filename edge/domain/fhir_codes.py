"""Names of our own in FHIR: code system, extensions, identifier systems, tags.

One vocabulary for what we read and what we write. Codes of the dose are named after the columns of
NIBS-BIDS (sources.md clinic 6.4, proposal v6 [S]), so that one list serves research and clinic.
Pure data.
"""

from __future__ import annotations

TMS = "https://tms.example.org/fhir/CodeSystem/tms"
UCUM = "http://unitsofmeasure.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SNOMED = "http://snomed.info/sct"

ACTIVITY = "https://tms.example.org/fhir/ActivityDefinition/"
PARAMETERS = "https://tms.example.org/fhir/StructureDefinition/tms-parameters"
EVIDENCE = "https://tms.example.org/fhir/StructureDefinition/tms-session-evidence"
SEGMENT = "https://tms.example.org/fhir/StructureDefinition/tms-session-segment"
APPOINTMENT = "https://tms.example.org/fhir/StructureDefinition/tms-appointment"

ID_SESSION = "https://tms.example.org/id/session"
ID_OBSERVATION = "https://tms.example.org/id/observation"
ID_MRN = "https://tms.example.org/id/mrn"
ID_COIL = "https://tms.example.org/id/coil"
TAG_OUTBOX = "https://tms.example.org/fhir/outbox"
TAG_UNIT = "https://tms.example.org/fhir/unit"

PERCENT_MT = "%{MT}"
PERCENT_MSO = "%{MSO}"

# Observation codes.
MOTOR_THRESHOLD = "motor-threshold"  # measured at the clinic; read
THRESHOLD_USED = "motor-threshold-used"  # what a session's level was reckoned from; written
DELIVERED_DOSE = "delivered-dose"

# Basis of a threshold: our word and the code on the wire.
MT_BASIS_CODES = {"rmt": "rmt", "amt": "amt", "leg_rmt": "leg-rmt"}
METHOD_CODES = {"mt-visual": "visual", "mt-emg": "emg"}
SIDE_SUFFIXES = ("left", "right", "bilateral", "midline")
