# Words of the chair-side page. Refusals, stops, alarms, checks and the like are in codes.ftl.
# Numbers arrive already formatted (thin groups, units), except counts, which choose the plural.
# Signs outside the font's Latin set (arrows, at-least signs) are not used.

## Top bar

unit-name = TMS chair { $unit }
today-summary = { $count ->
    [0] No sessions today
    [one] 1 session: { $done } done, { $to_come } to come
   *[other] { $count } sessions: { $done } done, { $to_come } to come
}
number-end = ··{ $digits }
born = born { $date }
reveal = Show name and birth date for 10 seconds
session-of = Session { $number } of { $total }
n-of = { $number } of { $total }
place = { $side } { $site }
place-protocol = { $place }, { $protocol }
simulated = SIMULATED
live = Live
not-live = No link
lock = Lock
lock-soon = Locks in { $left }

side-left = Left
side-right = Right
side-bilateral = Bilateral
side-midline = Midline

site-dlpfc = DLPFC
site-dlpfc-left = DLPFC
site-dlpfc-right = DLPFC
site-pfc-right = prefrontal cortex
site-dmpfc = dorsomedial prefrontal
site-mpfc-acc = medial prefrontal, ACC
site-lateral-pfc-insula = lateral prefrontal, insula
site-occiput = occiput
site-m1-left = motor cortex
site-m1-right = motor cortex

## Alarm strip

alarms-none = No alarms
alarms-count = +{ $count }
alarms-count-label = and { $count ->
    [one] 1 more alarm
   *[other] { $count } more alarms
}
audio-on = Sound on
audio-tried = Sound tried { $at }
audio-test = Test alarms
audio-pause = Quiet 2 min
audio-paused = Quiet { $seconds } s
lost-what = Connection lost.
lost-heard = Last heard { $seconds } s ago.
lost-never = No answer yet.
lost-do = Use the red button to stop.
lost-title = Connection lost
lost-values = All values here are old.
stop-unconfirmed-what = NOT CONFIRMED:
stop-unconfirmed-do = use the red button
page-outdated = This page and the service differ: reload the screen

## STOP and holding

stop-button-idle = STOP
stop-button-stopping = Stopping
stop-button-confirmed = Stopped
stop-button-unconfirmed = STOP
hold-keep = Keep holding
hold-start = Hold to start
hold-resume = Hold to resume

## Answers to commands

notice-unconfirmed = Not confirmed: the service did not answer. Look at the screen before trying again.
notice-not-sent = Not sent: there is no connection.

## Connecting

connecting-title = Connecting to the chair
connecting-help = STOP on this screen may not reach the machine yet. Use the red button.

## Another screen runs the chair

control-elsewhere = Another screen runs this chair.
control-take = Use this screen

## Lock

login-who = Who are you?
login-nobody = No accounts yet. Add one with tms-edge accounts add.
login-more = More names
login-other = Someone else
login-failed = Log-in did not work.
lock-hint = STOP works without logging in.
pin-hint = Your PIN
pin-ok = OK
pin-delete = Delete the last digit
pin-digits = { $count } digits entered
role-technician = Technician
role-engineer = Biomedical engineer
role-clinician = Clinician

phase-idle = No session
phase-patient = A patient is open
phase-checks = Checks are open
phase-ready = Ready to arm
phase-arming = Arming
phase-armed = Armed
phase-treating = Treatment is running
phase-paused = Session paused
phase-resuming = Arming again
phase-stopped = Session stopped
phase-uncertain = Reading the count
phase-wrapup = Waiting for signature
phase-record = Record signed

## Today

tab-today = Today
tab-device = Device
tab-controller = Controller
open-patient = Open patient
next-at = Next, { $at }
next-arrived = Next, { $at }. Arrived
percent-mt = { $percent } % MT
today-all-done = All sessions done
today-empty = No sessions today
today-empty-help = New appointments come from the clinic by themselves.
today-none = Today's list is not here yet.
list-empty = Nothing more today
done-count = { $count } done
more-visits = { $count ->
    [one] 1 more
   *[other] { $count } more
}
visit-problem = See order
visit-arrived = Arrived
visit-booked = Booked
visit-done = Done
records-to-send = { $count ->
    [one] 1 record
   *[other] { $count } records
}
nothing-to-send = nothing
todo-title = To do today
todo-nothing = Nothing is due.
todo-quarantined = { $count ->
    [one] 1 record was not accepted
   *[other] { $count } records were not accepted
}
todo-quarantined-help = tell the biomedical engineer
todo-offline = The clinic's server is out of reach
todo-offline-help = sessions go on, records wait here
todo-due = { $what } for { $who }
before = before { $at }

## Device

device-ready = Ready for use
device-not_ready = Not ready
device-in_use = In use
device-link = Link
device-self-test = Self-test
device-coil = Coil
device-coil-pulses = Coil pulses
device-to-send = To send
device-software = Software
device-title-coil = Coil
device-title-machine = Unit
device-coil-type = Type
device-coil-serial = Serial number
device-coil-face = Contact face
device-coil-winding = Winding
device-coil-limit = Limit at the face
device-clinic = Clinic's server
controller-title-timing = Timing
controller-title-firmware = Firmware
controller-title-line = Line
controller-timing = Pulses timed by
controller-interval = Shortest interval
controller-found = It found
controller-nothing = nothing wrong
controller-version = Version
controller-slot = Runs from
controller-image = Image
controller-trial = On trial
controller-bad-here = Unreadable here
controller-bad-there = Unreadable there
controller-refused = Refused commands
controller-forged = Failed seals
yes = yes
no = no
slot-plain = factory folder
slot-a = slot A
slot-b = slot B
timing-simulated = simulation
timing-pio = chip hardware
timing-rt_process = real-time process
timing-best_effort = ordinary process
self-test-found-clock = clock
self-test-found-pio = pulse programs
self-test-found-enable = enable line
self-test-found-trigger = trigger line
self-test-found-sensors = sensors
self-test-found-ledger = stored count
self-test-found-key = link key
self-test-found-dma = memory transfer
self-test-found-bleed = discharge
device-sounder = Alarm sounder
sounder-open = not tried
sounder-passed = heard
sounder-failed = dead
self-test-open = not done
self-test-open-at = due since { $at }
self-test-passed = passed
self-test-passed-at = passed { $at }
self-test-failed = failed
self-test-failed-at = failed { $at }
charge = Charge
charge-empty = empty, safe
charge-unknown = unknown
link-closed = closed
link-opening = opening
link-identifying = identifying
link-version_mismatch = version differs
link-key_refused = key refused
link-live = live
link-silent = silent
clinic-never = not reached yet
clinic-ok = in reach
clinic-unreachable = out of reach
clinic-refused = refuses this unit
coil-figure8 = Figure-8
coil-figure8_cooled = Figure-8, cooled
coil-h1 = H1
coil-h4 = H4
coil-h7 = H7
coil-circular = Circular

## Patient

begin-checks = Begin checks
order-title = Order, { $status }
order-level = Level
order-pulses = Pulses
order-length = Length
order-coil = Coil
order-prescriber = Ordered by
order-date = Ordered on
order-none = No usable order
order-none-help = The clinic has sent no order that this unit understands. Nothing can be given.
level-of = { $percent } % MT = { $output } % output
is-output = { $output } % output
pulses-in-trains = { $pulses } in { $trains } trains
pulses-length = { $pulses } pulses in { $length }
pulses-trains-length = { $pulses } pulses in { $trains } trains, { $length }
status-cleared = cleared protocol
status-published = published protocol
status-off_label = off-label protocol
status-diagnostic = diagnostic
mt-basis-rmt = Resting motor threshold
mt-basis-amt = Active motor threshold
mt-basis-leg_rmt = Resting threshold, leg
threshold-title = Motor threshold
of-output = of maximum output
threshold-how = { $date }, { $method }
mt-method-visual = by sight
mt-method-emg = by EMG
course-title = Course
problems-none = Order has no problems
problems-count = { $count ->
    [one] 1 problem with this order
   *[other] { $count } problems with this order
}
head-label = Head from above. Coil: { $side }
head-left = L
head-right = R

## Checks

machine-checks = Machine checks
machine-good = { $count ->
    [one] 1 check good
   *[other] { $count } checks good
}
question-of = Question { $number } of { $total }
question-before = Previous
question-next = Next
answer-first = Answer this question first.
back-to-order = Back to order
checks-done = Continue
checks-answered = All questions answered
checks-fine = Every answer is fine.
checks-red-count = { $count ->
    [one] 1 answer needs attention
   *[other] { $count } answers need attention
}
check-red = No treatment on this answer.
check-red-do = Change it if it was a mistake, or a clinician releases it.
check-red-fix = Put it right, then answer again. Nobody can release this one.
check-released-by = Released by { $who }
release-open = Clinician release
release-title = Clinician release
release-who = Which clinician releases this answer?
release-nobody = No clinician has an account on this unit.
release-why = Why may the session go on?
release-reason-reviewed = History reviewed
release-reason-order_confirmed = Order confirmed by prescriber
release-reason-examined = Patient examined
release-reason-mild = Mild, no added risk
release-gap-who = Which clinician lets the rest follow?
release-reason-present = Was with the patient throughout
release-reason-cause = Cause known and gone
release-pin-hint = Clinician's own PIN
release-ok = Release
check-is-ok = checked
check-is-open = not asked
check-is-red = not good
check-is-released = released
machine-is-ok = good
machine-is-open = waiting
machine-is-red = not good
machine-is-released = released

## Ready

back = Back
arm = Arm
fact-patient = Patient
fact-place = Side and place
fact-protocol = Protocol
fact-level = Level
ready-title = Checks passed. The machine is safe until you arm it.
arming-title = Arming
arming-charge = charge { $charge } of { $target }
arming-hint = STOP ends this at once.
armed-title = Armed.
armed-do = Tell the patient, then hold to start. A countdown of 3 seconds follows.
arm-failed = Arming did not work. The machine is safe.
resume-rest = { $delivered } pulses given before, { $remaining } to come

## Treating

ring-train = Train { $train }
ring-pulses = { $given } of { $each } pulses
ring-gap = Pause between trains
ring-gap-short = Pause
ring-countdown = Starting
ring-then = then train { $train }
ring-done = All trains given
ring-idle = Waiting
tile-pulses = Pulses
tile-train = Train
tile-level = Level
of-mt = MT
tile-left = Time left
of = of { $whole }
ends-at = ends { $at }
coil-face = Contact face
coil-limit = limit { $limit }
coil-peak = Expected up to { $peak }
chart-now = now
chart-minutes = { $minutes } min
chart-label = Temperature of the coil's contact face over the last minutes, and as it is expected
heat-wait = The coil is too warm for this session. Ready in { $minutes } min.
heat-never = This session is too much for this coil. Use one with more cooling.
heat-unknown = Nothing is known of how this coil warms.
heat-cooling-failed = The coil does not cool as it should. Look at hoses, coolant and pump.
heat-off-head = Take the coil off the head now: it goes on warming.
safety-checks = Safety checks
safety-good = all good
attend-help = Foot switch: hold it to start and while pulses are given. Letting go pauses; the rest of the dose is kept.
prove-contact = { $name }: { $input ->
    [enclosure] due for service's yearly look
   *[other] open and close it once before the next patient
}{ $more ->
    [0] .
    [one] , then 1 more contact.
   *[other] , then { $more } more contacts.
}
safety-closed = Safety contacts closed
safety-bad = { $count ->
    [one] 1 not good
   *[other] { $count } not good
}
tab-numbers = Session
tab-safety = Safety
ear-plugs = Ear plugs
interlock-is-ok = good
interlock-is-open = open
interlock-is-unknown = unknown
interlock-is-disagree = two views
pause = Pause
note = Note
note-title = Note for the record
note-help = One touch keeps it with the time.
note-comfortable = Patient is comfortable
note-discomfort = Discomfort under the coil
note-headache = Headache
note-twitch = Jaw or face twitches
note-moved = Coil adjusted
note-talked = Patient spoken to

## Paused, stopped, uncertain

paused-title = Paused
resuming-title = Getting ready again
paused-do = Check the coil's place and the ear plugs, then hold to resume.
kept-given = Pulses given
kept-rest = Still to come
kept-least = At least given
kept-most = At most given
strip-label = { $given } pulses given, { $unsure } not settled, { $due } still to come
rest-gives = Resuming gives { $pulses }: { $what }. About { $length }.
rest-of-train =
    the rest of train { $train } ({ $count ->
        [one] 1 pulse
       *[other] { $pulses } pulses
    })
rest-then = { $begun }, then { $whole }
trains-one = train { $train }
trains-many = trains { $first } to { $last }
gap-since = Last pulse { $time } ago.
gap-left = May resume for another { $left }.
gap-left-of = May resume for another { $left } ({ $limit }).
gap-over = Too long to resume ({ $limit }).
gap-released = Released by { $who } for another { $left }.
limit-of-order = the physician allows { $limit }
limit-of-protocol = the protocol allows { $limit }
limit-of-unit = this unit allows { $limit }
end-session = End session
end-title = Why does the session end?
end-help = What was given is kept in the record. The rest is not given today.
end-at-train = End session at train { $train }
end-reason-patient_wish = Patient's wish
end-reason-discomfort = Discomfort
end-reason-adverse_event = Adverse event
end-reason-equipment = Equipment
end-reason-time = No time left
end-reason-other = Other
stopped-title = Stopped
stopped-at = { $at }, train { $train }
stopped-now = Now
stopped-kept = What is kept
stop-other = Stopped by code { $code }.
stop-other-do = Call the biomedical engineer before going on.
output-off = Output is off, reported by the machine.
output-unknown = The machine has not reported yet that its output is off.
dose-counts = The { $delivered } pulses given so far count.
dose-doubtful = The count of { $delivered } pulses must be reviewed by a clinician.
dose-uncertain = { $uncertain } more pulses may have been given. The day's limit counts them as given.
recheck = Recheck
uncertain-title = Reading the count
uncertain-what = The link broke while pulses may have been given. How many, the controller has counted.
uncertain-reading = The controller's own count is being read. Nothing is guessed. Wait a few seconds.
uncertain-waiting = The controller must be heard again first. Check its cable and power.
uncertain-link = Link to the controller: { $link }
uncertain-known = What is known
uncertain-dose = The day's limit counts all { $most } as given.
unsettled-title = Delivery uncertain
unsettled-do = Look after the patient. Nothing more is given in this session. End it: the record keeps both numbers and the day's limit counts { $most }. Tell the clinician.
uncertain-hint = The session can go on once the count is known.

## Wrap-up and record

wrap-complete = Session complete
wrap-partial = Session not complete
wrap-of = of { $prescribed } pulses delivered
wrap-uncertain = and { $uncertain } not settled
wrap-notes = How was it?
wrap-note-fine = No complaints
wrap-note-headache = Headache
wrap-note-scalp = Scalp pain
wrap-note-twitch = Jaw twitches
wrap-note-tired = Tired
pain-title = Worst pain during the session
pain-scale = 0 none, 10 worst
pain-first = Choose the pain from 0 to 10 first.
sign = Sign
sign-title = Sign the record
sign-hint = Your PIN again, to sign
sign-ok = Sign
record-complete = Completed and signed
record-partial = Not completed, signed
record-protocol = Protocol
record-place = Side and place
record-delivered = Pulses delivered
record-started = First pulse
record-not-started = none given
record-pauses = Pauses
record-peak = Warmest at the face
held-title = Sessions that need a decision
held-line = Session { $session } of { $opened }
held-line-unknown = Session { $session }, { $pulses } pulses
held-kept = Nothing of it was changed; the biomedical engineer can export it as it is.
held-decide = Clinician decides
held-is-decided = A clinician has decided.
held-who = Which clinician takes responsibility for what is not known?
release-reason-counted = Counted as given in full
release-reason-known = Dose known from other records
release-reason-informed = Physician informed
ledger-open = Trains
ledger-title = Dose, train by train
ledger-help = Measured is what was sensed at the coil. A train that was cut and completed was asked for twice.
ledger-more = Next trains
ledger-col-train = Train
ledger-col-prescribed = Prescribed
ledger-col-commanded = Asked for
ledger-col-measured = Measured
ledger-train = { $train }
ledger-trains = { $first } to { $last }
ledger-unsure = + { $count } not settled
record-journey = To the clinic
record-signed = Signed
record-queued = On its way
record-sent = At the clinic
record-is-signed = The record is safe on this unit.
record-is-queued = The record is safe on this unit and goes out by itself.
record-is-sent = The clinic's server has it.
record-is-refused = The clinic's server did not accept it. It is safe here; tell the biomedical engineer.
back-to-today = Back to today

## Panels

panel-close = Close
alarms-title = Alarms
alarms-more = More alarms
alarms-sounder = Alarm sounder: { $state }.
alarm-understood = Understood
alarm-since = since { $at }
alarm-measured = { $value }, limit { $limit }
alarm-gone = cause gone
alarm-is-understood = understood

## Safety test

safety-test = Safety test
safety-not-valid = due
safety-due = Safety test due
safety-due-first = With nobody in the chair
safety-start = Run safety test
safety-start-full = Run full safety test
safety-day-at = { $day }, { $at }
safety-your-turn = Your turn
safety-by-itself = By itself
safety-hands-off = Touch nothing; it takes some seconds.
safety-within = Within { $time }
safety-ending = Writing the certificate
safety-progress = { $done } of { $total } steps
safety-took = { $took }, limit { $limit }
safety-seen = seen
safety-step-failed = This step failed
safety-may-repeat = A step can be repeated twice. The certificate names every try.
safety-call-service = It has failed three times. End the test and call service.
safety-code = Code { $code }.
safety-tries = { $count } tries.
safety-certificate = Certificate
safety-valid-until = Valid until
safety-who = Tested by
safety-is-passed = Safety test passed
safety-is-failed = Safety test failed
safety-is-dropped = Safety test given up
safety-is-stopped = Stopped: everything is off
safety-next-failed = Nobody can be treated until a test has passed. Call service.
safety-next-dropped = There is no new certificate. Run the test before the first patient.
safety-next-kept = There is no new certificate. The one of before holds until { $until }.
safety-next-stopped = There is no new certificate. Run the test again when it is safe.
safety-give-up = Give up
safety-repeat = Repeat step
safety-end = End test
safety-done = Done
