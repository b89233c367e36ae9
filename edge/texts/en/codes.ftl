# Words for every code of the service: stops, alarms, refusals, problems, checks, story lines.
# One catalogue for page, service and reports. Reviewed as a document: plain words, short sentences,
# what happened, what the unit did, what to do now, how long it takes. Values come with their unit.

## Stops: what happened (-what), what to do now (-do), how long that takes (-time). Whether the dose so
## far counts is said between them (dose-... in screen.ftl). 1xx interlocks, 2xx heat, 3xx power and pulse,
## 4xx link and time, 5xx inside the controller, words for people and for what the service sees.

stop-101-what = The emergency stop was pressed.
stop-101-do = Look after the patient. When all is well, turn the button to release it, then recheck.
stop-101-time = Arming again takes about 10 seconds.
stop-102-what = The door was opened.
stop-102-do = Shut the door, then recheck.
stop-102-time = Arming again takes about 10 seconds.
stop-103-what = The coil's plug is not seated.
stop-103-do = Do not touch the plug before the charge is empty. Then seat it fully and recheck. If it happens again, call service.
stop-103-time = The charge is empty after about 5 seconds; arming again takes about 10 seconds.
stop-104-what = The patient pressed the stop button.
stop-104-do = Ask how the patient feels and look for pain, loose ear plugs or a moved coil. Go on only when the patient agrees.
stop-104-time = Arming again takes about 10 seconds.
stop-105-what = The coil's cooling stopped.
stop-105-do = Look for a blocked filter or a loose hose. Recheck after it has run for one minute. If it stops again, call service.
stop-105-time = The cooling has to run for 1 minute; arming again takes about 10 seconds.
stop-106-what = The controller no longer sees its safety inputs.
stop-106-do = End the session. The unit needs service before the next patient.
stop-106-time = Not today on this unit: service has to come first.
stop-107-what = The enable signal of the treatment computer was lost, so the controller stopped.
stop-107-do = Look after the patient, then recheck. If it happens again, end the session and call service.
stop-107-time = Arming again takes about 10 seconds.
stop-108-what = The enable signal of the treatment computer stayed on although nothing was armed.
stop-108-do = End the session. The unit needs service before the next patient; the controller alone holds the output off.
stop-108-time = Not today on this unit: service has to come first.
stop-109-what = The cover of the power stage was opened.
stop-109-do = Do not reach inside: the charge takes some seconds to drain. The unit needs service before the next patient.
stop-109-time = Not today on this unit: service has to come first.
stop-201-what = The coil's contact face reached { $value }, the limit is { $limit }.
stop-201-do = Take the coil off the head and look at the skin. Let the coil cool below 35 °C, then recheck.
stop-201-time = About 2 minutes with cooling, 20 to 30 minutes without.
stop-202-what = The coil's winding reached { $value }, the limit is { $limit }.
stop-202-do = Let the coil cool, then recheck. If it happens again with the cooling running, call service.
stop-202-time = About 5 minutes with cooling, 30 minutes without.
stop-203-what = A temperature sensor of the coil gives no sensible value.
stop-203-do = End the session. The coil needs service; do not use it with another unit.
stop-203-time = Not today on this unit: service has to come first.
stop-204-what = A temperature sensor of the coil stood still for half a minute of stimulation.
stop-204-do = End the session. The coil needs service; do not use it with another unit.
stop-204-time = Not today on this unit: service has to come first.
stop-205-what = A temperature sensor of the coil changed faster than any coil can.
stop-205-do = End the session. Look at the coil's plug once. If it happens again, the coil needs service.
stop-205-time = Not today on this unit: service has to come first.
stop-206-what = The temperature sensors of the coil's winding and contact face contradict each other.
stop-206-do = End the session. The coil needs service; do not use it with another unit.
stop-206-time = Not today on this unit: service has to come first.
stop-301-what = The charge was outside its band: { $value }, the limit is { $limit }.
stop-301-do = Recheck once. If it happens again, end the session and call service.
stop-301-time = Arming again takes about 10 seconds.
stop-302-what = The charge did not reach its set point in time.
stop-302-do = Recheck once. If it happens again, end the session and call service.
stop-302-time = Arming again takes about 10 seconds.
stop-303-what = A pulse was asked for and none was felt in the coil.
stop-303-do = End the session. The unit needs service before the next patient.
stop-303-time = Not today on this unit: service has to come first.
stop-304-what = A pulse was felt in the coil that nobody asked for.
stop-304-do = Take the coil off the head. Press the emergency stop. The unit must not be used until service has looked at it.
stop-304-time = Not today on this unit: service has to come first.
stop-305-what = A pulse had { $value } of the ordered strength, the limit is { $limit }.
stop-305-do = End the session. The unit needs service before the next patient.
stop-305-time = Not today on this unit: service has to come first.
stop-306-what = The controller's two pulse counts differ.
stop-306-do = End the session. The count is marked as uncertain; tell the clinician. The unit needs service.
stop-306-time = Not today on this unit: service has to come first.
stop-401-what = The controller did not hear from the service for half a second and stopped by itself.
stop-401-do = Wait until the unit answers again, then recheck. If it happens again, end the session and call service.
stop-401-time = The unit answers after about 5 seconds; arming again takes about 10 seconds.
stop-402-what = The unit stood charged for a minute without a pulse and disarmed itself.
stop-402-do = Nothing is wrong. Recheck and arm again when the patient is ready.
stop-402-time = Arming again takes about 10 seconds.
stop-501-what = The controller's stored pulse count failed its check.
stop-501-do = End the session. The count is marked as uncertain; tell the clinician. The unit needs service.
stop-501-time = Not today on this unit: service has to come first.
stop-502-what = The controller found an error in itself and stopped.
stop-502-do = End the session. The count is read back where possible. The unit needs service before the next patient.
stop-502-time = Not today on this unit: service has to come first.
stop-503-what = The controller's self-test failed when it started.
stop-503-do = Switch the unit off and on once. If it fails again, the unit needs service; the device page names what was found.
stop-503-time = Starting again takes about 1 minute.
stop-operator-what = STOP was pressed on the screen.
stop-operator-do = Look after the patient. Recheck to go on with the rest, or end the session.
stop-operator-time = Arming again takes about 10 seconds.
stop-patient-what = The patient pressed the stop button.
stop-patient-do = Ask how the patient feels and look for pain, loose ear plugs or a moved coil. Go on only when the patient agrees.
stop-patient-time = Arming again takes about 10 seconds.
stop-panel-what = The service could no longer read one of its safety contacts.
stop-panel-do = Look for the unknown one in the list of safety checks and recheck. If it stays unknown, the unit needs service.
stop-panel-time = Arming again takes about 10 seconds.
stop-disagree-what = The two wires of one safety contact say different things.
stop-disagree-do = Press and release the emergency stop once, open and shut the door, then recheck. If it stays, the unit needs service.
stop-disagree-time = Arming again takes about 10 seconds.
stop-link_lost-what = The line to the controller broke. The controller stops by itself within half a second.
stop-link_lost-do = Wait. When the line is back, the controller's own count is read and the session can go on. If it stays away, press the emergency stop and call service.
stop-link_lost-time = The line is usually back after about 5 seconds; wait 1 minute at most.
stop-surface_hot_own-what = The coil's contact face reached { $value } at its second sensor, the limit is { $limit }.
stop-surface_hot_own-do = Take the coil off the head and look at the skin. Let the coil cool below 35 °C, then recheck.
stop-surface_hot_own-time = About 2 minutes with cooling, 20 to 30 minutes without.
stop-sensor_own-what = The coil's temperature sensors contradict each other, or the second one gives no sensible value.
stop-sensor_own-do = End the session. The coil needs service; do not use it with another unit.
stop-sensor_own-time = Not today on this unit: service has to come first.
stop-host_lost-what = The enable circuit of the treatment computer fell off by itself.
stop-host_lost-do = Recheck once. If it happens again, end the session and call service.
stop-host_lost-time = Arming again takes about 10 seconds.
stop-enable_stuck-what = One of the two enable circuits is not as it was asked to be.
stop-enable_stuck-do = End the session. The unit needs service before the next patient; the other enable holds the output off.
stop-enable_stuck-time = Not today on this unit: service has to come first.
stop-mcu_reboot-what = The controller started again in the middle of the session.
stop-mcu_reboot-do = Wait while its stored count is read. If it happens again, end the session and call service.
stop-mcu_reboot-time = Reading the count takes about 5 seconds.
stop-restored-what = The service was started again in the middle of a session.
stop-restored-do = Nothing was given meanwhile. Wait while the controller's own count is read, then give the rest or end the session.
stop-restored-time = Reading the count takes about 5 seconds.
stop-page_silent-what = The screen did not answer for some seconds, so the treatment was paused.
stop-page_silent-do = Look after the patient. If the screen is back, go on; if it freezes again, end the session and call service.
stop-page_silent-time = The screen is usually back after about 10 seconds.
stop-attend_released-what = The foot switch was let go, so the treatment was paused after the running pulse.
stop-attend_released-do = Look after the patient. Hold the switch again and press Resume; the rest of the dose is kept.
stop-attend_released-time = Arming again takes about 10 seconds.
stop-cooling_trend-what = The coil's winding does not cool as it should although its cooling says it runs. It is at { $value }, its limit is { $limit }.
stop-cooling_trend-do = Take the coil off the head. Look for a kinked hose, too little coolant or a stopped pump. Treatment can go on when the winding cools again, some minutes; if it happens again, call service.
stop-cooling_trend-time = About 5 minutes with cooling.
stop-too_hot_ahead-what = The contact face is at { $value } and would pass its limit of { $limit } with the next pulses, so the treatment was paused.
stop-too_hot_ahead-do = Take the coil off the head and let it cool; the screen shows for how long. The rest of the dose is kept. Or end the session.
stop-too_hot_ahead-time = The screen shows the minutes until it is ready.
stop-store_failed-what = The record could not be written, so the treatment was stopped.
stop-store_failed-do = End the session and write down delivered and remaining pulses. The unit needs service.
stop-store_failed-time = Not today on this unit: service has to come first.
stop-edge_internal-what = The service found an error in itself and stopped the treatment.
stop-edge_internal-do = Wait while the controller's count is read. If it happens again, end the session and call service.
stop-edge_internal-time = Reading the count takes about 5 seconds.
stop-unknown-what = The controller stopped for a reason that this software does not know.
stop-unknown-do = End the session. Write down the code shown and call service.
stop-unknown-time = Not today on this unit: service has to come first.

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
alarm-left_charged-what = Disarmed after a minute
alarm-left_charged-did = Output is off, the charge is drained.
alarm-left_charged-do = Arm again when the patient is ready.
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
alarm-host_enable-what = Enable of the treatment computer lost
alarm-host_enable-did = Output is off, the charge is drained.
alarm-host_enable-do = Look after the patient, then recheck. If it comes back, call service.
alarm-host_stuck-what = Enable of the treatment computer stays on
alarm-host_stuck-did = Output is off, the controller holds it off. Nothing can be armed.
alarm-host_stuck-do = Call service before the next patient.
alarm-enclosure-what = Cover of the power stage open
alarm-enclosure-did = Output is off, the charge is drained.
alarm-enclosure-do = Do not reach inside. Call service.
alarm-host_lost-what = Enable circuit of the treatment computer fell off
alarm-host_lost-did = Output is off, the charge is drained. Nothing can be armed.
alarm-host_lost-do = Recheck once. If it comes back, call service.
alarm-enable_stuck-what = An enable circuit is not as asked
alarm-enable_stuck-did = A running treatment was stopped. Nothing can be armed.
alarm-enable_stuck-do = Call service before the next patient.
alarm-inputs_disagree-what = Safety contact disagrees with itself
alarm-inputs_disagree-did = Nothing can be armed; a running treatment was stopped.
alarm-inputs_disagree-do = Work the contact once. If it stays, call service.
alarm-contact_chatter-what =
    { $input ->
        [estop] Emergency stop opens and closes by itself
        [door] Door switch opens and closes by itself
        [coil] Coil plug switch opens and closes by itself
        [patient] Patient button opens and closes by itself
        [enclosure] Cover switch opens and closes by itself
        [attend] Foot switch opens and closes by itself
        [flow] Flow switch opens and closes by itself
       *[other] A safety contact opens and closes by itself
    }
alarm-contact_chatter-did = It counts as open until it rests for three seconds.
alarm-contact_chatter-do = Work it once firmly. If it goes on, call service.
alarm-contact_not_proved-what =
    { $input ->
        [estop] Emergency stop not seen to work for long
        [door] Door switch not seen to work for long
        [coil] Coil plug switch not seen to work for long
        [patient] Patient button not seen to work for long
        [enclosure] Cover switch not seen to work for long
        [attend] Foot switch not let go since the last sessions
       *[other] A safety contact not seen to work for long
    }
alarm-contact_not_proved-did = Treatment is still possible.
alarm-contact_not_proved-do =
    { $input ->
        [enclosure] Call service for the yearly look inside.
        [attend] Let it go once and hold it again.
       *[other] Between two patients, open and close it once. If this stays, call service.
    }
alarm-attend_released-what = Foot switch let go
alarm-attend_released-did = The treatment was paused after the running pulse.
alarm-attend_released-do = Look after the patient. Hold the switch again and press Resume.
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
alarm-sensor_frozen-what = Coil temperature stands still
alarm-sensor_frozen-did = Output is off, the charge is drained.
alarm-sensor_frozen-do = Call service. Do not use the coil.
alarm-sensor_slew-what = Coil temperature jumps
alarm-sensor_slew-did = Output is off, the charge is drained.
alarm-sensor_slew-do = Look at the coil's plug once. If it comes back, call service.
alarm-sensor_pair-what = Coil temperatures contradict each other
alarm-sensor_pair-did = Output is off, the charge is drained. Nothing can be armed.
alarm-sensor_pair-do = Call service. Do not use the coil.
alarm-surface_hot_own-what = Coil face too hot
alarm-surface_hot_own-did = The second sensor reached { $limit } °C. Output is off and stays off until the face is below 35 °C.
alarm-surface_hot_own-do = Take the coil off the head and look at the skin.
alarm-sensor_own-what = Second coil sensor not believed
alarm-sensor_own-did = A running treatment was stopped. Nothing can be armed.
alarm-sensor_own-do = Call service. Do not use the coil.
alarm-cooling_trend-what = Coil does not cool as it should
alarm-cooling_trend-did = Treatment is on hold and cannot be started.
alarm-cooling_trend-do = Take the coil off the head. Look at hoses, coolant and pump.
alarm-too_hot_ahead-what = Coil would get too hot
alarm-too_hot_ahead-did = The treatment was paused. The rest of the dose is kept.
alarm-too_hot_ahead-do = Take the coil off the head and let it cool, or end the session.
alarm-heat_ahead-what = This run is at risk: heat
alarm-heat_ahead-did = Nothing yet. The face may reach { $value } °C, the limit is { $limit } °C.
alarm-heat_ahead-do = Look at the cooling. The unit pauses before the limit is passed.
alarm-coil_off_head-what = Coil face gets too hot by itself
alarm-coil_off_head-did = Nothing more is given. The face may still reach { $value } °C.
alarm-coil_off_head-do = Take the coil off the head now.
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
alarm-store_log_failed-what = Records are kept only once
alarm-store_log_failed-did = Every record is stored; its second copy can no longer be written.
alarm-store_log_failed-do = Treatment can go on. Call service today.
alarm-store_repaired-what = Record store was repaired at start
alarm-store_repaired-did = One of its two copies was damaged, old or gone, and was made anew from the other.
alarm-store_repaired-do = Call service: this disk may be failing.
alarm-recording_stopped-what = Black box stopped
alarm-recording_stopped-did = Treatment is not affected. What happens now cannot be replayed later.
alarm-recording_stopped-do = Tell the biomedical engineer; the service console says why.
alarm-noisy_line-what = Line to the controller disturbed
alarm-noisy_line-did = Damaged messages were thrown away and repeated.
alarm-noisy_line-do = Check the cable and keep it away from the coil's cable.

alarm-sounder_dead-what = Alarm sounder dead
alarm-sounder_dead-did = Nothing can be armed: an alarm would not be heard.
alarm-sounder_dead-do = Touch Understood, then Test alarms. If it stays, call service.
alarm-risk_load-what = This run is at risk: computer busy
alarm-risk_load-did = Nothing yet. The service was { $value } ms late; much more would stop the run.
alarm-risk_load-do = Stay at the chair. If it stays, pause and call service.
alarm-risk_link-what = This run is at risk: line to the controller poor
alarm-risk_link-did = { $value } answers were lost in a minute and asked for again. Seven in a row would stop the run.
alarm-risk_link-do = Stay at the chair. Keep the cable away from the coil's cable.
alarm-store_failed-what = Record could not be written
alarm-store_failed-did = Output is off, the charge is drained.
alarm-store_failed-do = Write down delivered and remaining pulses. Call service.
alarm-edge_internal-what = Error inside the service
alarm-edge_internal-did = The treatment was stopped; the controller's count is read.
alarm-edge_internal-do = Wait some seconds. If it happens again, call service.
alarm-mcu_reboot-what = Controller started again
alarm-mcu_reboot-did = Output is off; the stored count is read.
alarm-mcu_reboot-do = Wait some seconds. If it happens again, call service.
alarm-unknown-what = Stopped for an unknown reason
alarm-unknown-did = Output is off, the charge is drained.
alarm-unknown-do = Write down the code shown and call service.

## Refusals: why a tap did nothing. The controller's own answers are those of REJECTION_NAMES.

refusal-wrong_state = That is not possible at this point, and nothing was changed. Use what this screen offers.
refusal-stale_screen = The screen had changed before you tapped. Look again, then tap.
refusal-not_in_control = Another screen is in control. Take control first.
refusal-not_logged_in = Please log in first.
refusal-not_permitted = Your role may not do this. Ask somebody who may, with a log-in of their own.
refusal-wrong_pin = The PIN is not right. Try again; after too many wrong tries you wait one minute.
refusal-pin_locked = Too many wrong tries. Wait one minute.
refusal-unknown_appointment = This appointment is no longer in today's list. Choose another, or ask the front desk.
refusal-order_has_problems = The order has problems. Look at them with the order; the prescriber has to put them right.
refusal-checks_open = Some checks are still open. Answer them first; nothing is charged before.
refusal-device_not_ready = The unit is not ready; nothing was charged. { $reason ->
    [link_down] The controller does not answer: check its cable and power. It takes some seconds.
    [version_mismatch] Controller and service do not fit. Call service.
    [key_refused] The link key is missing or wrong. Call service.
    [fault] A fault waits. Look at the alarm, put its cause right and recheck: some seconds.
    [interlock_open] Close the safety contact that is shown as open, then try again at once.
    [inputs_disagree] Work the safety contact once. If it stays, call service.
    [enable_stuck] An enable circuit is not as asked. Call service.
    [inputs_unknown] Wait some seconds until all safety contacts are known.
    [coil_absent] Plug the coil in; it takes some seconds.
    [too_hot] Let the coil cool: about 2 minutes with cooling, 20 to 30 without.
    [temperature_unknown] Wait some seconds for the coil's temperature. If it stays, call service.
    [cooling_trend] The coil does not cool as it should. Look at hose, coolant and pump: some minutes.
    [too_hot_ahead] Let the coil cool for as long as the screen shows.
    [heat_unknown] Nothing is known of how this coil warms. Call service.
    [self_test_failed] The self-test failed. Restart the unit once: about 1 minute. Then call service.
    [self_test_open] Wait some seconds for the self-test.
    [settings_mismatch] The controller has other limits. Restart the unit: about 1 minute.
    [session_held] A session cannot be read or is not in the record. Look at the Device screen: a clinician decides.
    [clock_unsure] Wait some seconds until the controller's clock is measured.
    [sounder_dead] The alarm sounder is dead. Test the alarms once: some seconds. Then call service.
    [sounder_unproved] Wait some seconds until the alarm sounder has been tried.
    [no_certificate] Run the safety test on the Today screen: about 3 minutes.
   *[other] The reason is shown with the unit.
}
refusal-link_down = The controller does not answer. Check its cable and power; it takes some seconds.
refusal-attend_released = Nobody holds the foot switch. Hold it and press again.
refusal-interlock_open = A safety contact is open. Close the one that the safety checks show, then try again.
refusal-too_hot = The coil is too warm. Let it cool: about 2 minutes with cooling, 20 to 30 without.
refusal-too_hot_ahead = The coil would get too hot in this session. Let it cool first; the screen shows for how long.
refusal-too_hot_never = This session is too much for this coil. Use one with more cooling.
refusal-arm_failed = The unit could not be armed, and nothing was given. Try once more, then call service.
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
refusal-nothing_to_resume = All pulses of this session have been given. End the session.
refusal-pulse_unsensed = One pulse went out and was not sensed. Whether it was given is not known: end the session here.
refusal-pause_too_long = The last pulse was too long ago. Ask a clinician whether the rest may follow, or end the session here.
refusal-gap_unknown = Nobody knows how long ago the last pulse was. Ask a clinician, or end the session here.
refusal-other_day = The last pulse was on another day. End this session here; what is missing is the physician's to order.
refusal-order_withdrawn = The clinic has withdrawn this order. End the session here and ask the physician.
refusal-order_changed = The order was changed while the session was broken off. End the session here; the new order begins a new one.
refusal-level_changed = Threshold or level changed while the session was broken off. End the session here; the new level begins a new one.
refusal-nothing_held = No stored session waits for a decision. Go on with the day.
refusal-nothing_to_release = No gap waits for a clinician. Press Resume, or end the session.
refusal-store_failed = The record could not be written. Nothing was changed. Call service.
refusal-self_test_open = The self-test has not been passed yet. Wait some seconds; if it stays, restart the unit.
refusal-control_busy = Control cannot change now. Try again in a moment.
refusal-malformed = The message could not be read. Reload the page.
refusal-unknown_check = There is no such check. Reload the page.
refusal-unknown_choice = There is no such answer. Reload the page.
refusal-release_not_allowed = This answer cannot be released. Put it right first.
refusal-alarm_sounds = An alarm needs the lamps or the sounder. Remove its cause, or pause the sound of one that is less urgent, then test.
refusal-safety_test_running = The safety test is running. Let it end, or give it up first.
refusal-no_safety_test = No safety test is running. Nothing is left to do.
refusal-no_step_to_repeat = No step can be repeated now. End the test and call service.
refusal-no_certificate = No safety test holds, so nobody can be treated. Run it on the Today screen: about 3 minutes.
refusal-unit_not_at_rest = The unit is not at rest yet. Wait some seconds, then try again.
refusal-no_such_alarm = This alarm has gone already. Nothing is left to do.
refusal-not_found = There is nothing at this address. Go back to the start page.
refusal-method_not_allowed = That is not possible at this address. Reload the page.
refusal-wrong_host = The page was opened under an address that is not allowed. Use the address of this unit.
refusal-wrong_origin = The request came from another page and was refused. Use the page of this unit.
refusal-too_large = The message is too long. Shorten it and try again.
refusal-wrong_type = The message has the wrong type. Reload the page.

## Problems of an order: what is wrong, and what to do.

problem-unknown_protocol = The protocol { $value } is not in this unit's library. The prescriber or the clinic's IT must correct the order.
problem-protocol_version = The order names version { $value } of the protocol, the library has { $limit }. The prescriber must confirm the new version.
problem-protocol_needs_order = The library knows this protocol, but not its timing. It cannot be given from here.
problem-two_steps = This protocol has two steps on two sides. This unit gives one step a visit; ask for one order for each side.
problem-held_session = A session of this patient, begun { $value }, cannot be read, so what was given is unknown. A clinician decides on the Device screen; on its own day the patient is not treated here.
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
reason-enable_stuck = An enable circuit is not as asked
reason-inputs_unknown = Safety contacts not known yet
reason-coil_absent = No coil plugged in
reason-too_hot = The coil is too warm
reason-temperature_unknown = Coil temperature not known
reason-cooling_trend = The coil does not cool as it should
reason-too_hot_ahead = The coil would get too hot in this session
reason-heat_unknown = Nothing is known of how this coil warms
reason-self_test_failed = Self-test failed
reason-self_test_open = Self-test not done yet
reason-settings_mismatch = Controller has other limits
reason-session_held = A session is held
reason-sounder_dead = The alarm sounder is dead
reason-sounder_unproved = The alarm sounder is not tried yet
reason-clock_unsure = Controller's clock not measured yet
reason-no_certificate = Safety test due: about 3 minutes

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
interlock-attend = Foot switch
interlock-attend-ok = held
interlock-attend-open = released
interlock-enclosure = Cover of the power stage
interlock-enclosure-ok = shut
interlock-enclosure-open = open

## What is due at an appointment.

due-problem = Order has a problem
due-threshold_missing = Threshold missing
due-threshold_old = Threshold too old
due-order_expiring = Order ends soon
due-last_session = Last session

## Why a count is not settled.

held-newer = A newer version of this software wrote it. Install that version, or a clinician decides.
held-damaged = Its stored text is damaged. A clinician decides.
held-unknown = The controller gave them; the record has nothing of them. Find out whose they were. A clinician decides.
gap-clock_unset = The clock was never set, so nobody can say how long ago the last pulse was.
gap-clock_back = The clock was set back, so nobody can say how long ago the last pulse was.
gap-clock_untrusted = Nobody has confirmed the clock, so nobody can say how long ago the last pulse was.
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
log-gap_released = Gap released by a clinician
log-rescheduled = A start came late and was moved
log-stopped = Stopped
log-fault = Fault
log-acknowledged = Stop understood
log-link_lost = Line to the controller lost
log-restored = Service started again
log-reconciled = Count settled: { $delivered } pulses given
log-uncertain = Count not settled
log-attend_released = Foot switch let go
log-cooling_trend = The coil did not cool as it should
log-too_hot_ahead = Paused before the coil got too hot
log-page_silent = Screen did not answer
log-note = Note
log-ended = Session ended early
log-signed = Record signed

## Safety test: steps, and what a person does in the guided ones

proof-rest = Everything at rest
proof-alarm = Alarm lamps and sounder
proof-host_rise = Enable comes on
proof-host_fall = Enable lost: controller stops
proof-heartbeat = Service silent: controller stops
proof-face = Face too hot: controller stops
proof-winding = Winding too hot: controller stops
proof-face_own = Face too hot: service stops
proof-cooling = Cooling runs
proof-watchdog = Controller's watchdog restarts it
proof-estop = Emergency stop
proof-estop-open = Press the red emergency stop.
proof-estop-close = Turn the red button to release it.
proof-patient = Patient's stop button
proof-patient-open = Press the patient's stop button.
proof-patient-close = Let go of the patient's stop button.
proof-door = Door of the room
proof-door-open = Open the door of the room.
proof-door-close = Shut the door of the room.
proof-coil = Coil plug
proof-coil-open = Pull the coil's plug out.
proof-coil-close = Plug the coil in again.
proof-enclosure = Cover of the power stage
proof-enclosure-open = Take the cover of the power stage off.
proof-enclosure-close = Put the cover of the power stage back.
proof-attend = Foot switch
proof-attend-open = Step on the foot switch and hold it.
proof-attend-close = Let go of the foot switch.

## Why a step of the safety test failed

failure-link_lost = The line to the controller was lost. Check its cable, then repeat.
failure-not_ready = Something else was going on. Wait some seconds, then repeat.
failure-refused = The controller refused to be tested. Repeat once, then call service.
failure-frozen = A temperature sensor stands still: it may be frozen or bridged. Call service.
failure-too_warm = The coil is too warm to be tested. Let it cool for 30 minutes, then repeat.
failure-clock_unsure = The two clocks could not be compared. Wait some seconds, then repeat.
failure-enable_at_rest = An enable circuit is on although nothing is asked of it. Call service.
failure-contact_at_rest = A safety contact is open or its two wires differ. Close it, then repeat.
failure-temperature_at_rest = A coil temperature is missing, or they differ too much. Let the coil rest, then repeat.
failure-sounder_dead = The alarm sounder is dead. Repeat once, then call service.
failure-no_enable = The service's enable does not come on. Repeat once, then call service.
failure-no_cooling = The cooling does not run. Switch it on, then repeat.
failure-no_restart = The controller's watchdog did not restart it. Call service.
failure-not_opened = Nothing was seen to move. Repeat; if it was worked, the contact is stuck: call service.
failure-own_blind = The service did not see it, only the controller did. Call service.
failure-controller_blind = The controller did not stop. Call service.
failure-other_fault = The controller stopped for another reason first. Put that right, then repeat.
failure-not_measured = The time could not be measured. Repeat once, then call service.
failure-too_slow = It was too slow. Repeat once, then call service.
failure-own_slow = The service saw it too late. Repeat once, then call service.
failure-enable_stayed = An enable circuit stayed on. Call service.
failure-not_restored = The unit did not come back to rest. Close what was opened, then repeat.

## Why no safety test holds

certificate-none = This unit has not been tested yet.
certificate-bad_signature = The last certificate is not this unit's own.
certificate-failed = The last safety test failed.
certificate-interrupted = The last safety test came to no end.
certificate-service_fault = Since the last test there was a fault for service.
certificate-controller_unknown = The controller has not been heard yet.
certificate-other_controller = The last test was of another controller.
certificate-other_firmware = The firmware has changed since the last test.
certificate-other_software = The software has changed since the last test.
certificate-other_settings = The configuration has changed since the last test.
certificate-clock = The date is in doubt, so its age is not known.
certificate-expired = The last test is too old.
