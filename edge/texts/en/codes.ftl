# Words for every code of the service: stops, alarms, refusals, problems, checks, story lines.
# One catalogue for page, service and reports. Reviewed as a document: plain words, short sentences,
# what happened, what the unit did, what to do now, how long it takes. Values come with their unit.

## Stops: what happened (-what), what to do now (-do). 1xx interlocks, 2xx heat, 3xx power and pulse,
## 4xx link and time, 5xx inside the controller, words for people and for what the service sees.

stop-101-what = The emergency stop was pressed.
stop-101-do = Look after the patient. When all is well, turn the button to release it, then recheck. Arming again takes about 10 seconds.
stop-102-what = The door was opened.
stop-102-do = Shut the door, then recheck. Arming again takes about 10 seconds.
stop-103-what = The coil's plug is not seated.
stop-103-do = Do not touch the plug before the charge is empty. Then seat it fully and recheck. If it happens again, call service.
stop-104-what = The patient pressed the stop button.
stop-104-do = Ask how the patient feels and look for pain, loose ear plugs or a moved coil. Go on only when the patient agrees.
stop-105-what = The coil's cooling stopped.
stop-105-do = Look for a blocked filter or a loose hose. Recheck after it has run for one minute. If it stops again, call service.
stop-106-what = The controller no longer sees its safety inputs.
stop-106-do = End the session. The unit needs service before the next patient.
stop-201-what = The coil's contact face reached { $value }, the limit is { $limit }.
stop-201-do = Take the coil off the head and look at the skin. Let the coil cool below 35 °C, about 20 to 30 minutes without cooling, 2 minutes with it. Then recheck.
stop-202-what = The coil's winding reached { $value }, the limit is { $limit }.
stop-202-do = Let the coil cool for some minutes, then recheck. If it happens again with the cooling running, call service.
stop-203-what = A temperature sensor of the coil gives no sensible value.
stop-203-do = End the session. The coil needs service; do not use it with another unit.
stop-301-what = The charge was outside its band: { $value }.
stop-301-do = Recheck once. If it happens again, end the session and call service.
stop-302-what = The charge did not reach its set point in time.
stop-302-do = Recheck once. If it happens again, end the session and call service.
stop-303-what = A pulse was asked for and none was felt in the coil.
stop-303-do = End the session. The unit needs service before the next patient.
stop-304-what = A pulse was felt in the coil that nobody asked for.
stop-304-do = Take the coil off the head. Press the emergency stop. The unit must not be used until service has looked at it.
stop-305-what = A pulse was stronger or weaker than ordered by more than 10 %.
stop-305-do = End the session. The unit needs service before the next patient.
stop-306-what = The controller's two pulse counts differ.
stop-306-do = End the session. The count is marked as uncertain; tell the clinician. The unit needs service.
stop-401-what = The controller did not hear from the service for half a second and stopped by itself.
stop-401-do = Wait until the unit answers again, some seconds, then recheck. If it happens again, end the session and call service.
stop-402-what = The unit was armed for a minute without a pulse and disarmed itself.
stop-402-do = Nothing is wrong. Recheck and arm again when the patient is ready.
stop-501-what = The controller's stored pulse count failed its check.
stop-501-do = End the session. The count is marked as uncertain; tell the clinician. The unit needs service.
stop-502-what = The controller found an error in itself and stopped.
stop-502-do = End the session. The count is read back where possible. The unit needs service before the next patient.
stop-503-what = The controller's self-test failed when it started.
stop-503-do = Switch the unit off and on once. If it fails again, the unit needs service; the device page names what was found.
stop-operator-what = STOP was pressed on the screen.
stop-operator-do = Look after the patient. Recheck to go on with the rest, or end the session.
stop-patient-what = The patient pressed the stop button.
stop-patient-do = Ask how the patient feels and look for pain, loose ear plugs or a moved coil. Go on only when the patient agrees.
stop-panel-what = A safety loop opened: emergency stop, door, coil or patient button.
stop-panel-do = Find the open one in the list of safety checks, put it right and recheck.
stop-disagree-what = The two wires of one safety contact say different things.
stop-disagree-do = Press and release the emergency stop once, open and shut the door, then recheck. If it stays, the unit needs service.
stop-link_lost-what = The line to the controller broke. The controller stops by itself within half a second.
stop-link_lost-do = Wait. When the line is back, the controller's own count is read and the session can go on. If nothing happens for a minute, press the emergency stop and call service.
stop-mcu_reboot-what = The controller started again in the middle of the session.
stop-mcu_reboot-do = Wait some seconds while its stored count is read. If it happens again, end the session and call service.
stop-restored-what = The service was started again in the middle of a session.
stop-restored-do = Nothing was given meanwhile. The controller's own count is read, some seconds, then the rest can be given or the session ended.
stop-page_silent-what = The screen did not answer for some seconds, so the treatment was paused.
stop-page_silent-do = Look after the patient. If the screen is back, go on; if it freezes again, end the session and call service.
stop-store_failed-what = The record could not be written, so the treatment was stopped.
stop-store_failed-do = End the session and write down delivered and remaining pulses. The unit needs service.
stop-edge_internal-what = The service found an error in itself and stopped the treatment.
stop-edge_internal-do = Wait some seconds while the controller's count is read. If it happens again, end the session and call service.
stop-unknown-what = The controller stopped for a reason that this software does not know.
stop-unknown-do = End the session. Write down the code shown and call service.

## Alarms: what is so (-what), what the unit did (-did), what to do (-do).

alarm-estop-what = Emergency stop pressed
alarm-estop-did = Output is off, the charge is drained.
alarm-estop-do = Look after the patient, then release the button.
alarm-door-what = Door open
alarm-door-did = Output is off, the charge is drained.
alarm-door-do = Shut the door.
alarm-coil_absent-what = Coil not plugged in
alarm-coil_absent-did = Output is off, the charge is drained.
alarm-coil_absent-do = Seat the plug when the charge is empty.
alarm-patient_stop-what = Patient pressed stop
alarm-patient_stop-did = Output is off, the charge is drained.
alarm-patient_stop-do = Ask the patient before going on.
alarm-cooling-what = Coil cooling stopped
alarm-cooling-did = Output is off, the charge is drained.
alarm-cooling-do = Look at filter, hoses and fan.
alarm-input_stale-what = Safety inputs not seen
alarm-input_stale-did = Output is off, the charge is drained.
alarm-input_stale-do = Call service.
alarm-surface_hot-what = Coil face too hot
alarm-surface_hot-did = Output is off, the charge is drained.
alarm-surface_hot-do = Take the coil off the head and look at the skin.
alarm-winding_hot-what = Coil winding too hot
alarm-winding_hot-did = Output is off, the charge is drained.
alarm-winding_hot-do = Let the coil cool.
alarm-sensor-what = Coil temperature unknown
alarm-sensor-did = Output is off, the charge is drained.
alarm-sensor-do = Call service. Do not use the coil.
alarm-bank_voltage-what = Charge outside its band
alarm-bank_voltage-did = Output is off, the charge is drained.
alarm-bank_voltage-do = Recheck once, then call service.
alarm-charge_timeout-what = Charging took too long
alarm-charge_timeout-did = Charging is off, the charge is drained.
alarm-charge_timeout-do = Recheck once, then call service.
alarm-pulse_missing-what = Pulse missing
alarm-pulse_missing-did = Output is off, the charge is drained.
alarm-pulse_missing-do = End the session and call service.
alarm-pulse_unasked-what = Pulse that nobody asked for
alarm-pulse_unasked-did = Output is off, the charge is drained.
alarm-pulse_unasked-do = Take the coil off the head and press the emergency stop.
alarm-amplitude-what = Pulse strength wrong
alarm-amplitude-did = Output is off, the charge is drained.
alarm-amplitude-do = End the session and call service.
alarm-count-what = Pulse counts differ
alarm-count-did = Output is off, the charge is drained.
alarm-count-do = End the session and call service.
alarm-heartbeat_lost-what = Controller lost the service
alarm-heartbeat_lost-did = The controller switched the output off by itself.
alarm-heartbeat_lost-do = Wait until the unit answers, then recheck.
alarm-armed_idle-what = Disarmed after a minute
alarm-armed_idle-did = Output is off, the charge is drained.
alarm-armed_idle-do = Arm again when the patient is ready.
alarm-ledger-what = Controller's stored count damaged
alarm-ledger-did = Arming is refused.
alarm-ledger-do = Call service.
alarm-internal-what = Error inside the controller
alarm-internal-did = Output is off, the charge is drained.
alarm-internal-do = Call service.
alarm-self_test-what = Controller's self-test failed
alarm-self_test-did = Nothing can be charged or armed.
alarm-self_test-do = Switch the unit off and on once. If it fails again, call service.
alarm-link_down-what = Controller does not answer
alarm-link_down-did = Nothing can be armed. The controller stops by itself within half a second.
alarm-link_down-do = Check the cable. With a patient in the chair, press the emergency stop.
alarm-version_mismatch-what = Controller and service do not fit
alarm-version_mismatch-did = Nothing can be armed.
alarm-version_mismatch-do = Call service: the controller needs the matching firmware.
alarm-key_refused-what = Link key missing or wrong
alarm-key_refused-did = Nothing can be armed. Stopping works without the key.
alarm-key_refused-do = Call service: controller and service must hold the same link key.
alarm-inputs_disagree-what = Safety contact disagrees with itself
alarm-inputs_disagree-did = Nothing can be armed; a running treatment was stopped.
alarm-inputs_disagree-do = Work the contact once. If it stays, call service.
alarm-settings_mismatch-what = Controller runs other limits
alarm-settings_mismatch-did = Nothing can be armed.
alarm-settings_mismatch-do = Restart the unit. If it stays, call service.
alarm-self_test_failed-what = Self-test failed
alarm-self_test_failed-did = Nothing can be armed.
alarm-self_test_failed-do = Run it again. If it fails again, call service.
alarm-uncertain_dose-what = Delivered pulses uncertain
alarm-uncertain_dose-did = Output is off until the count is settled.
alarm-uncertain_dose-do = Wait for the controller's count, or end the session and tell the clinician.
alarm-page_silent-what = Screen does not answer
alarm-page_silent-did = The treatment was paused.
alarm-page_silent-do = Look after the patient. The emergency stop works without the screen.
alarm-surface_warm-what = Coil face warm
alarm-surface_warm-did = Nothing yet. At { $limit } °C the unit stops.
alarm-surface_warm-do = Look at the cooling; plan a pause before the next patient.
alarm-clinic_offline-what = Clinic server not reached for { $minutes } minutes
alarm-clinic_offline-did = Records are kept here and sent later. Orders may be out of date.
alarm-clinic_offline-do = Tell the clinic's IT. Treatment can go on.
alarm-record_refused-what = Clinic server refused a record
alarm-record_refused-did = The record is kept here and is not lost.
alarm-record_refused-do = Tell the clinic's IT; the reason is on the service screen.
alarm-clock_untrusted-what = Clock not confirmed
alarm-clock_untrusted-did = Records are marked. Pulse timing is not affected.
alarm-clock_untrusted-do = Check the network or set the clock.
alarm-disk_full-what = Disk { $value } % full
alarm-disk_full-did = Nothing yet.
alarm-disk_full-do = Call service before it is full.
alarm-noisy_line-what = Line to the controller disturbed
alarm-noisy_line-did = Damaged messages were thrown away and repeated.
alarm-noisy_line-do = Check the cable and keep it away from the coil's cable.

## Refusals: why a tap did nothing. The controller's own answers are those of REJECTION_NAMES.

refusal-wrong_state = That is not possible at this point.
refusal-stale_screen = The screen had changed before you tapped. Look again, then tap.
refusal-not_in_control = Another screen is in control. Take control first.
refusal-not_logged_in = Please log in first.
refusal-not_permitted = Your role may not do this.
refusal-wrong_pin = The PIN is not right.
refusal-pin_locked = Too many wrong tries. Wait one minute.
refusal-unknown_appointment = This appointment is no longer in today's list.
refusal-order_has_problems = The order has problems. They are listed with the order.
refusal-checks_open = Some checks are still open.
refusal-device_not_ready = The unit is not ready. The reason is shown with the unit.
refusal-link_down = The controller does not answer.
refusal-interlock_open = A safety contact is open.
refusal-too_hot = The coil is too warm. Let it cool.
refusal-arm_failed = The unit could not be armed.
refusal-echo_mismatch = The controller understood something else than was ordered. Nothing was armed. Call service.
refusal-mcu_refused = { $reason ->
    [state] The controller refused: not in this state.
    [version] The controller refused: the versions differ.
    [range] The controller refused: a value is outside its range.
    [limit] The controller refused: a value is outside the stored limits.
    [looser] The controller refused: a limit may only be made tighter.
    [not_configured] The controller refused: it has no limits yet.
    [interlock] The controller refused: a safety contact is open or unknown.
    [token] The controller refused: the permission was used or has expired.
    [late] The controller refused: the start came too late.
    [too_far] The controller refused: the start is too far ahead.
    [busy] The controller refused: a train is running.
    [total] The controller refused: it would be more than prescribed.
    [ledger] The controller refused: the pulse counts differ.
    [fault] The controller refused: a fault is latched.
    [hot] The controller refused: the coil is too hot or its temperature unknown.
    [cause] The controller refused: the cause of the fault is still there.
    [unknown] The controller refused: it does not know the message.
    [length] The controller refused: the message has the wrong length.
    [interval] The controller refused: the pulses are too close together.
    [mac] The controller refused: the seal is not of this unit's link key, or somebody else has greeted it.
    [epoch] The controller refused: it has restarted since.
    [sequence] The controller refused: it has heard a newer command already.
    [no_key] The controller refused: it or this service has no link key. Call service.
    [timing] The controller refused: it cannot time pulses so close together.
    [image] The controller refused: the firmware image is not whole or not right.
    [updating] The controller refused: it is receiving new firmware.
    [store] The controller refused: its memory did not take it. Call service.
   *[other] The controller refused ({ $reason }).
}
refusal-uncertain = The outcome is uncertain. Wait until the controller's count is settled.
refusal-nothing_to_resume = All pulses of this session have been given.
refusal-pause_too_long = The pause was too long. A clinician decides; end the session here.
refusal-store_failed = The record could not be written. Nothing was changed. Call service.
refusal-self_test_open = The self-test has not been passed yet.
refusal-control_busy = Control cannot change now. Try again in a moment.
refusal-malformed = The message could not be read. Reload the page.
refusal-unknown_check = There is no such check.
refusal-unknown_choice = There is no such answer.
refusal-release_not_allowed = This answer cannot be released. Put it right first.
refusal-no_such_alarm = This alarm has gone already.
refusal-not_found = There is nothing at this address.
refusal-method_not_allowed = That is not possible at this address.
refusal-wrong_host = The page was opened under an address that is not allowed.
refusal-wrong_origin = The request came from another page and was refused.
refusal-too_large = The message is too long.
refusal-wrong_type = The message has the wrong type.

## Problems of an order: what is wrong, and what to do.

problem-unknown_protocol = The protocol { $value } is not in this unit's library. The prescriber or the clinic's IT must correct the order.
problem-protocol_version = The order names version { $value } of the protocol, the library has { $limit }. The prescriber must confirm the new version.
problem-protocol_needs_order = The library knows this protocol, but not its timing. It cannot be given from here.
problem-two_steps = This protocol has two steps on two sides. This unit gives one step a visit; ask for one order for each side.
problem-coil_mismatch = The order asks for coil { $value }; the protocol allows { $limit }.
problem-side_mismatch = The order says { $value }; the protocol is for { $limit }.
problem-site_mismatch = The order's site is { $value }; the protocol's is { $limit }.
problem-basis_mismatch = The order's percentage refers to { $value }; the protocol's to { $limit }.
problem-percent_below = { $value } of the threshold is below the protocol's range, which begins at { $limit }.
problem-percent_above = { $value } of the threshold is more than the { $limit } allowed.
problem-percent_override = { $value } of the threshold is more than { $limit } and needs an override that this unit cannot take. Ask the prescriber.
problem-threshold_missing = There is no motor threshold. Measure it first.
problem-threshold_old = The motor threshold is { $value } old, at most { $limit } are allowed. Measure it again.
problem-threshold_future = The motor threshold is dated { $value }, which is in the future. Correct it at the clinic.
problem-threshold_range = The motor threshold of { $value } is outside { $limit }. Measure it again.
problem-threshold_coil = The motor threshold was measured with coil { $value }; the order uses { $limit }. Measure it with this coil.
problem-threshold_basis = The motor threshold is of kind { $value }; the order refers to { $limit }. Measure the right one.
problem-threshold_side = The motor threshold is of the { $value } side; the order is for { $limit }. Measure the right side.
problem-level_above = The dose would need { $value } of the unit's output, at most { $limit } can be given. It is not reduced by itself: ask the prescriber.
problem-level_below = The dose would be { $value } of the unit's output, less than { $limit }. Check threshold and percentage.
problem-session_limit = { $value } pulses are more than the { $limit } of one session.
problem-day_limit = { $value } pulses today would be more than the { $limit } of one day.
problem-day_sessions = Today's { $limit } of this protocol is given already.
problem-interval_short = This protocol has pulses { $value } apart; the controller of this unit can time { $limit } at the shortest. Use another unit.
problem-expired = The order ended on { $value }. Ask the prescriber to renew it.
problem-not_yet_valid = The order begins on { $value }.
problem-sessions_exhausted = All { $limit } ordered sessions are done. Ask the prescriber for more.
problem-gap_short = Only { $value } have passed since the last session; { $limit } are needed.
problem-age_outside = The patient is { $value } years old; the protocol is for { $limit }.

## Problems of data from the clinic or of a library file; { $where } names the field.

problem-not_json = The clinic's answer could not be read: { $where }.
problem-wrong_resource = { $where } is a { $value }, a { $limit } was expected.
problem-missing = { $where } is missing.
problem-wrong_type = { $where } is { $value }, expected { $limit }.
problem-bad_date = { $where } is not a date: { $value }.
problem-wrong_unit = { $where } has the unit { $value }, expected { $limit }.
problem-wrong_code = { $where } is { $value }, expected { $limit }.
problem-ambiguous = { $where } can be read in more than one way: { $value }.
problem-out_of_range = { $where } is { $value }, outside { $limit }.
problem-wrong_status = { $where } is { $value }, so it cannot be used now.
problem-wrong_intent = { $where } is { $value }: it is not an order.
problem-wrong_patient = { $where } belongs to another patient.
problem-not_performed = The order says that this must not be done.
problem-unknown_modifier = { $where } changes the meaning in a way this unit does not know.
problem-no_order = The appointment names no order.
problem-order_not_found = The order was not found at the clinic.
problem-patient_not_found = The patient was not found at the clinic.
problem-patient_inactive = The patient's record is closed at the clinic.
problem-patient_replaced = The patient's record was joined with another one at the clinic.
problem-withdrawn = The clinic has withdrawn this: { $where }.
problem-order_stale = The clinic has not confirmed the order for { $value }; at most { $limit } are allowed.
problem-wrong_unit_booked = The appointment is booked for another unit.
problem-wrong_day = The appointment is not for today: { $value }.
problem-wrong_appointment_status = The appointment is { $value }.
problem-unknown_key = { $where }: there is no field { $value }. Known: { $limit }.
problem-bad_levels = { $where }: { $limit }.
problem-no_source = { $where } has no source.
problem-bad_id = { $where } is { $value }, which is not a valid name.

## Checks before a session. Questions, one a card.

check-identity = Name and birth date asked and compared?
check-identity-help = Let the patient say both. Compare with the order.
check-medication = Any change in medicines since last time?
check-medication-help = Started, stopped, missed or changed dose. Also much more or less coffee.
check-sleep = How was last night's sleep?
check-sleep-help = Short sleep raises the risk of a seizure.
check-alcohol = Alcohol or drugs since yesterday?
check-alcohol-help = Both raise the risk of a seizure.
check-health = Well today, and no trouble after the last session?
check-health-help = Illness or fever, headache, side effects, hearing or ringing in the ears.
check-mood = How is the mood since last time?
check-mood-help = Ask directly about thoughts of suicide. Never leave a patient with such thoughts alone.
check-metal = All metal and devices away from the head?
check-metal-help = Jewellery, glasses, hearing aids, phone and cards: at least 30 cm from the coil. Ask for new implants.
check-earplugs = Ear plugs in, both sides, patient and you?
check-earplugs-help = Look at both ears. If a plug falls out, stop.

## Checks that the unit makes by itself.

check-link = Controller answers
check-self_test = Self-test passed
check-interlocks = Safety contacts closed
check-coil = Ordered coil plugged in
check-temperature = Coil cool enough
check-order = Order complete
check-threshold = Threshold fits the order

## Answers.

choice-identity-confirmed = Yes, both agree
choice-identity-not_confirmed = No
choice-medication-unchanged = No change
choice-medication-changed = Changed
choice-sleep-usual = As usual
choice-sleep-short = Short or poor
choice-alcohol-none = None
choice-alcohol-alcohol_or_drugs = Yes
choice-health-well = Well
choice-health-illness = Ill or fever
choice-health-headache = Headache or side effect
choice-health-hearing_change = Hearing changed
choice-mood-usual = As usual or better
choice-mood-worse = Worse
choice-mood-suicidal_thoughts = Thoughts of suicide
choice-metal-none_on = All away
choice-metal-still_on = Not yet
choice-metal-new_implant = New implant or metal
choice-earplugs-both_in = Yes, all in
choice-earplugs-not_in = Not yet

## Why the unit is not ready.

reason-link_down = The controller does not answer
reason-version_mismatch = Controller and service do not fit
reason-key_refused = Link key missing or wrong
reason-fault = A fault is waiting to be acknowledged
reason-interlock_open = A safety contact is open
reason-inputs_disagree = A safety contact disagrees with itself
reason-inputs_unknown = Safety contacts not known yet
reason-coil_absent = No coil plugged in
reason-too_hot = The coil is too warm
reason-temperature_unknown = Coil temperature not known
reason-self_test_failed = Self-test failed
reason-self_test_open = Self-test not done yet
reason-settings_mismatch = Controller has other limits
reason-clock_unsure = Controller's clock not measured yet

## Safety contacts, and their levels.

interlock-estop = Emergency stop
interlock-estop-ok = released
interlock-estop-open = pressed
interlock-door = Door
interlock-door-ok = shut
interlock-door-open = open
interlock-coil = Coil plug
interlock-coil-ok = seated
interlock-coil-open = out
interlock-patient = Patient button
interlock-patient-ok = released
interlock-patient-open = pressed
interlock-cooling = Cooling
interlock-cooling-ok = running
interlock-cooling-open = stopped

## What is due at an appointment.

due-problem = Order has a problem
due-threshold_missing = Threshold missing
due-threshold_old = Threshold too old
due-order_expiring = Order ends soon
due-last_session = Last session

## Why a count is not settled.

uncertain-bad_intents = The record of the trains sent does not fit together.
uncertain-ledger_missing = The controller has not been asked yet.
uncertain-ledger_invalid = The controller's stored count is damaged.
uncertain-other_session = The controller has counted for another session since.
uncertain-ledger_behind = The controller counted fewer pulses than were seen.
uncertain-ledger_ahead = The controller counted more pulses than were asked for.
uncertain-ledger_position = The controller's count and its place in the plan differ.

## The session's story.

log-opened = Visit opened
log-left = Visit left
log-checks_passed = Checks passed
log-check_released = Check released by a clinician
log-armed = Armed
log-arm_failed = The unit could not be armed
log-started = Treatment started
log-train_done = Train { $train }: { $pulses } pulses
log-dose_complete = All pulses given
log-paused = Paused
log-resumed = Resumed
log-rescheduled = A start came late and was moved
log-stopped = Stopped
log-fault = Fault
log-acknowledged = Stop understood
log-link_lost = Line to the controller lost
log-restored = Service started again
log-reconciled = Count settled: { $delivered } pulses given
log-uncertain = Count not settled
log-page_silent = Screen did not answer
log-note = Note
log-ended = Session ended early
log-signed = Record signed
