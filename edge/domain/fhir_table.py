"""The part of FHIR R4 that this unit reads and writes, as a table.

Owns element names, cardinality, types, closed code lists and reference targets of a few resource
types and the data types they use; distilled by hand from the R4 specification (CC0). It does not
check anything: edge/domain/fhir_check.py does. Pure.

One element is "name", then ! (exactly one), * (any number), + (at least one) or nothing (at most
one), a blank, and its types joined by "|": "->A|B" is a Reference to A or B, "=a|b" is a code out
of a closed list, "@X" is a nested element described under X. A name that ends in [x] is a choice.
"""

from __future__ import annotations

from dataclasses import dataclass

PRIMITIVES: dict[str, str] = {
    # name -> regular expression of the JSON text; '' for JSON types of their own
    "boolean": "",
    "integer": "",
    "positiveInt": "",
    "unsignedInt": "",
    "decimal": "",
    "string": r"[ \r\n\t\S]+",
    "markdown": r"[ \r\n\t\S]+",
    "xhtml": r"<div[ >][\s\S]*</div>",
    "code": r"[^\s]+(\s[^\s]+)*",
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "base64Binary": r"(\s*[0-9a-zA-Z+/]{4}\s*)*(\s*[0-9a-zA-Z+/]{2}([0-9a-zA-Z+/]=|==)\s*)?",
    "time": r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?",
    "date": r"\d{4}(-\d{2}(-\d{2})?)?",
    "dateTime": (
        r"\d{4}(-\d{2}(-\d{2}(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
        r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00))?)?)?"
    ),
    "instant": (
        r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
        r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
    ),
}

_ANY_VALUE = (
    "base64Binary|boolean|canonical|code|date|dateTime|decimal|id|instant|integer|markdown|oid|"
    "positiveInt|string|time|unsignedInt|uri|url|uuid|Address|Age|Annotation|Attachment|"
    "CodeableConcept|Coding|ContactPoint|Count|Distance|Duration|HumanName|Identifier|Period|"
    "Quantity|Range|Ratio|Reference|SampledData|Signature|Timing|Meta"
)
_QUANTITY = "value decimal; comparator =<|<=|>=|>; unit string; system uri; code code"
_OBSERVED = (
    "Quantity|CodeableConcept|string|boolean|integer|Range|Ratio|SampledData|time|dateTime|Period"
)
_GENDER = "=male|female|other|unknown"
_PERSON = "->Patient|RelatedPerson|Practitioner|PractitionerRole"
_DAYS = "=mon|tue|wed|thu|fri|sat|sun"
_TIME_UNITS = "=s|min|h|d|wk|mo|a"

_DATA_TYPES: dict[str, str] = {
    "Extension": f"url! uri; value[x] {_ANY_VALUE}",
    "Meta": (
        "versionId id; lastUpdated instant; source uri; profile* canonical; security* Coding; "
        "tag* Coding"
    ),
    "Narrative": "status! =generated|extensions|additional|empty; div! xhtml",
    "Identifier": (
        "use =usual|official|temp|secondary|old; type CodeableConcept; system uri; value string; "
        "period Period; assigner ->Organization"
    ),
    "Coding": "system uri; version string; code code; display string; userSelected boolean",
    "CodeableConcept": "coding* Coding; text string",
    "Quantity": _QUANTITY,
    "Age": _QUANTITY,
    "Count": _QUANTITY,
    "Distance": _QUANTITY,
    "Duration": _QUANTITY,
    "Range": "low Quantity; high Quantity",
    "Ratio": "numerator Quantity; denominator Quantity",
    "Period": "start dateTime; end dateTime",
    "SampledData": (
        "origin! Quantity; period! decimal; factor decimal; lowerLimit decimal; "
        "upperLimit decimal; dimensions! positiveInt; data string"
    ),
    "Annotation": ("author[x] Reference|string; time dateTime; text! markdown"),
    "Attachment": (
        "contentType code; language code; data base64Binary; url url; size unsignedInt; "
        "hash base64Binary; title string; creation dateTime"
    ),
    "HumanName": (
        "use =usual|official|temp|nickname|anonymous|old|maiden; text string; family string; "
        "given* string; prefix* string; suffix* string; period Period"
    ),
    "Address": (
        "use =home|work|temp|old|billing; type =postal|physical|both; text string; line* string; "
        "city string; district string; state string; postalCode string; country string; "
        "period Period"
    ),
    "ContactPoint": (
        "system =phone|fax|email|pager|url|sms|other; value string; "
        "use =home|work|temp|old|mobile; rank positiveInt; period Period"
    ),
    "Reference": "reference string; type uri; identifier Identifier; display string",
    "Signature": (
        "type+ Coding; when! instant; who! ->Practitioner|PractitionerRole|RelatedPerson|Patient|"
        "Device|Organization; onBehalfOf ->Practitioner|PractitionerRole|RelatedPerson|Patient|"
        "Device|Organization; targetFormat code; sigFormat code; data base64Binary"
    ),
    "Timing": "event* dateTime; repeat @Timing.repeat; code CodeableConcept",
    "Timing.repeat": (
        "bounds[x] Duration|Range|Period; count positiveInt; countMax positiveInt; "
        f"duration decimal; durationMax decimal; durationUnit {_TIME_UNITS}; "
        "frequency positiveInt; frequencyMax positiveInt; period decimal; periodMax decimal; "
        f"periodUnit {_TIME_UNITS}; dayOfWeek* {_DAYS}; timeOfDay* time; when* code; "
        "offset unsignedInt"
    ),
}

_RESOURCES: dict[str, str] = {
    "Patient": (
        "identifier* Identifier; active boolean; name* HumanName; telecom* ContactPoint; "
        f"gender {_GENDER}; birthDate date; deceased[x] boolean|dateTime; address* Address; "
        "maritalStatus CodeableConcept; multipleBirth[x] boolean|integer; photo* Attachment; "
        "contact* @Patient.contact; communication* @Patient.communication; "
        "generalPractitioner* ->Organization|Practitioner|PractitionerRole; "
        "managingOrganization ->Organization; link* @Patient.link"
    ),
    "Practitioner": (
        "identifier* Identifier; active boolean; name* HumanName; telecom* ContactPoint; "
        f"address* Address; gender {_GENDER}; birthDate date; photo* Attachment; "
        "qualification* @Practitioner.qualification; communication* CodeableConcept"
    ),
    "Device": (
        "identifier* Identifier; definition ->DeviceDefinition; udiCarrier* @Device.udiCarrier; "
        "status =active|inactive|entered-in-error|unknown; statusReason* CodeableConcept; "
        "distinctIdentifier string; manufacturer string; manufactureDate dateTime; "
        "expirationDate dateTime; lotNumber string; serialNumber string; "
        "deviceName* @Device.deviceName; modelNumber string; partNumber string; "
        "type CodeableConcept; specialization* @Device.specialization; version* @Device.version; "
        "property* @Device.property; patient ->Patient; owner ->Organization; "
        "contact* ContactPoint; location ->Location; url uri; note* Annotation; "
        "safety* CodeableConcept; parent ->Device"
    ),
    "Appointment": (
        "identifier* Identifier; status! =proposed|pending|booked|arrived|fulfilled|cancelled|"
        "noshow|entered-in-error|checked-in|waitlist; cancelationReason CodeableConcept; "
        "serviceCategory* CodeableConcept; serviceType* CodeableConcept; "
        "specialty* CodeableConcept; appointmentType CodeableConcept; "
        "reasonCode* CodeableConcept; "
        "reasonReference* ->Condition|Procedure|Observation|ImmunizationRecommendation; "
        "priority unsignedInt; description string; supportingInformation* ->*; start instant; "
        "end instant; minutesDuration positiveInt; slot* ->Slot; created dateTime; "
        "comment string; patientInstruction string; basedOn* ->ServiceRequest; "
        "participant+ @Appointment.participant; requestedPeriod* Period"
    ),
    "ServiceRequest": (
        "identifier* Identifier; instantiatesCanonical* canonical; instantiatesUri* uri; "
        "basedOn* ->CarePlan|ServiceRequest|MedicationRequest; replaces* ->ServiceRequest; "
        "requisition Identifier; status! =draft|active|on-hold|revoked|completed|"
        "entered-in-error|unknown; intent! =proposal|plan|directive|order|original-order|"
        "reflex-order|filler-order|instance-order|option; category* CodeableConcept; "
        "priority =routine|urgent|asap|stat; doNotPerform boolean; code CodeableConcept; "
        "orderDetail* CodeableConcept; quantity[x] Quantity|Ratio|Range; "
        "subject! ->Patient|Group|Location|Device; encounter ->Encounter; "
        "occurrence[x] dateTime|Period|Timing; asNeeded[x] boolean|CodeableConcept; "
        "authoredOn dateTime; "
        "requester ->Practitioner|PractitionerRole|Organization|Patient|RelatedPerson|Device; "
        "performerType CodeableConcept; performer* ->Practitioner|PractitionerRole|Organization|"
        "CareTeam|HealthcareService|Patient|Device|RelatedPerson; locationCode* CodeableConcept; "
        "locationReference* ->Location; reasonCode* CodeableConcept; "
        "reasonReference* ->Condition|Observation|DiagnosticReport|DocumentReference; "
        "insurance* ->Coverage|ClaimResponse; supportingInfo* ->*; specimen* ->Specimen; "
        "bodySite* CodeableConcept; note* Annotation; patientInstruction string; "
        "relevantHistory* ->Provenance"
    ),
    "Procedure": (
        "identifier* Identifier; instantiatesCanonical* canonical; instantiatesUri* uri; "
        "basedOn* ->CarePlan|ServiceRequest; "
        "partOf* ->Procedure|Observation|MedicationAdministration; "
        "status! =preparation|in-progress|not-done|on-hold|stopped|completed|entered-in-error|"
        "unknown; statusReason CodeableConcept; category CodeableConcept; code CodeableConcept; "
        "subject! ->Patient|Group; encounter ->Encounter; "
        f"performed[x] dateTime|Period|string|Age|Range; recorder {_PERSON}; "
        f"asserter {_PERSON}; performer* @Procedure.performer; location ->Location; "
        "reasonCode* CodeableConcept; "
        "reasonReference* ->Condition|Observation|Procedure|DiagnosticReport|DocumentReference; "
        "bodySite* CodeableConcept; outcome CodeableConcept; "
        "report* ->DiagnosticReport|DocumentReference|Composition; "
        "complication* CodeableConcept; complicationDetail* ->Condition; "
        "followUp* CodeableConcept; note* Annotation; focalDevice* @Procedure.focalDevice; "
        "usedReference* ->Device|Medication|Substance; usedCode* CodeableConcept"
    ),
    "Observation": (
        "identifier* Identifier; basedOn* ->CarePlan|DeviceRequest|ImmunizationRecommendation|"
        "MedicationRequest|NutritionOrder|ServiceRequest; "
        "partOf* ->MedicationAdministration|MedicationDispense|MedicationStatement|Procedure|"
        "Immunization|ImagingStudy; status! =registered|preliminary|final|amended|corrected|"
        "cancelled|entered-in-error|unknown; category* CodeableConcept; code! CodeableConcept; "
        "subject ->Patient|Group|Device|Location; focus* ->*; encounter ->Encounter; "
        "effective[x] dateTime|Period|Timing|instant; issued instant; "
        "performer* ->Practitioner|PractitionerRole|Organization|CareTeam|Patient|RelatedPerson; "
        f"value[x] {_OBSERVED}; dataAbsentReason CodeableConcept; "
        "interpretation* CodeableConcept; note* Annotation; bodySite CodeableConcept; "
        "method CodeableConcept; specimen ->Specimen; device ->Device|DeviceMetric; "
        "referenceRange* @Observation.referenceRange; "
        "hasMember* ->Observation|QuestionnaireResponse|MolecularSequence; "
        "derivedFrom* ->DocumentReference|ImagingStudy|Media|QuestionnaireResponse|Observation|"
        "MolecularSequence; component* @Observation.component"
    ),
    "OperationOutcome": "issue+ @OperationOutcome.issue",
    "Bundle": (
        "identifier Identifier; type! =document|message|transaction|transaction-response|batch|"
        "batch-response|history|searchset|collection; timestamp instant; total unsignedInt; "
        "link* @Bundle.link; entry* @Bundle.entry; signature Signature"
    ),
}

_NESTED: dict[str, str] = {
    "Patient.contact": (
        "relationship* CodeableConcept; name HumanName; telecom* ContactPoint; address Address; "
        f"gender {_GENDER}; organization ->Organization; period Period"
    ),
    "Patient.communication": "language! CodeableConcept; preferred boolean",
    "Patient.link": "other! ->Patient|RelatedPerson; type! =replaced-by|replaces|refer|seealso",
    "Practitioner.qualification": (
        "identifier* Identifier; code! CodeableConcept; period Period; issuer ->Organization"
    ),
    "Device.udiCarrier": (
        "deviceIdentifier string; issuer uri; jurisdiction uri; carrierAIDC base64Binary; "
        "carrierHRF string; entryType =barcode|rfid|manual|card|self-reported|unknown"
    ),
    "Device.deviceName": (
        "name! string; type! =udi-label-name|user-friendly-name|patient-reported-name|"
        "manufacturer-name|model-name|other"
    ),
    "Device.specialization": "systemType! CodeableConcept; version string",
    "Device.version": "type CodeableConcept; component Identifier; value! string",
    "Device.property": (
        "type! CodeableConcept; valueQuantity* Quantity; valueCode* CodeableConcept"
    ),
    "Appointment.participant": (
        "type* CodeableConcept; actor ->Patient|Practitioner|PractitionerRole|RelatedPerson|"
        "Device|HealthcareService|Location; required =required|optional|information-only; "
        "status! =accepted|declined|tentative|needs-action; period Period"
    ),
    "Procedure.performer": (
        "function CodeableConcept; actor! ->Practitioner|PractitionerRole|Organization|Patient|"
        "RelatedPerson|Device; onBehalfOf ->Organization"
    ),
    "Procedure.focalDevice": "action CodeableConcept; manipulated! ->Device",
    "Observation.referenceRange": (
        "low Quantity; high Quantity; type CodeableConcept; appliesTo* CodeableConcept; "
        "age Range; text string"
    ),
    "Observation.component": (
        f"code! CodeableConcept; value[x] {_OBSERVED}; dataAbsentReason CodeableConcept; "
        "interpretation* CodeableConcept; referenceRange* @Observation.referenceRange"
    ),
    "OperationOutcome.issue": (
        "severity! =fatal|error|warning|information; code! code; details CodeableConcept; "
        "diagnostics string; location* string; expression* string"
    ),
    "Bundle.link": "relation! string; url! uri",
    "Bundle.entry": (
        "link* @Bundle.link; fullUrl uri; resource Resource; search @Bundle.search; "
        "request @Bundle.request; response @Bundle.response"
    ),
    "Bundle.search": "mode =match|include|outcome; score decimal",
    "Bundle.request": (
        "method! =GET|HEAD|POST|PUT|DELETE|PATCH; url! uri; ifNoneMatch string; "
        "ifModifiedSince instant; ifMatch string; ifNoneExist string"
    ),
    "Bundle.response": (
        "status! string; location uri; etag string; lastModified instant; outcome Resource"
    ),
}

_RESOURCE_BASE = "id id; meta Meta; implicitRules uri; language code; "
_DOMAIN_BASE = (
    "text Narrative; contained* Resource; extension* Extension; modifierExtension* Extension; "
)
_ELEMENT_BASE = "id string; extension* Extension; "
_BACKBONE_BASE = _ELEMENT_BASE + "modifierExtension* Extension; "


@dataclass(frozen=True)
class Rule:
    """One JSON member of a type. codes and targets are empty when anything goes."""

    member: str  # name in JSON, such as valueQuantity
    element: str  # name in the specification, such as value[x]
    kind: str  # type name
    is_required: bool
    is_list: bool
    codes: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


def _rules(line: str) -> list[Rule]:
    name, _, types = line.strip().partition(" ")
    mark = name[-1] if name[-1] in "!*+" else ""
    element = name.removesuffix(mark) if mark else name
    is_required, is_list = mark in ("!", "+"), mark in ("*", "+")
    if types.startswith("->"):
        targets = frozenset() if types == "->*" else frozenset(types[2:].split("|"))
        return [Rule(element, element, "Reference", is_required, is_list, targets=targets)]
    if types.startswith("="):
        codes = frozenset(types[1:].split("|"))
        return [Rule(element, element, "code", is_required, is_list, codes=codes)]
    if not element.endswith("[x]"):
        return [Rule(element, element, types.removeprefix("@"), is_required, is_list)]
    stem = element.removesuffix("[x]")
    return [
        Rule(stem + kind[0].upper() + kind[1:], element, kind, is_required, is_list=False)
        for kind in types.split("|")
    ]


def _type(text: str) -> dict[str, Rule]:
    return {rule.member: rule for line in text.split(";") if line.strip() for rule in _rules(line)}


def _required(rules: dict[str, Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules.values() if rule.is_required)


def _base_of(name: str) -> str:
    return _RESOURCE_BASE if name == "Bundle" else _RESOURCE_BASE + _DOMAIN_BASE


RESOURCES: dict[str, dict[str, Rule]] = {
    name: _type(_base_of(name) + text) for name, text in _RESOURCES.items()
}
TYPES: dict[str, dict[str, Rule]] = {
    **{name: _type(_ELEMENT_BASE + text) for name, text in _DATA_TYPES.items()},
    **{name: _type(_BACKBONE_BASE + text) for name, text in _NESTED.items()},
}
REQUIRED: dict[str, tuple[Rule, ...]] = {
    name: _required(rules) for name, rules in {**RESOURCES, **TYPES}.items()
}
