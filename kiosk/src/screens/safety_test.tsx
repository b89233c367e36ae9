// Safety test: what is tripped now, what to press or open, the time it took against its limit, and at the
// end the certificate, or what is wrong and what to do. Asks for the next act only; judges nothing.
import { clockOf, countdown, duration, shortDateOf } from "../format";
import { isCompact } from "../panel";
import { Act } from "../parts/buttons";
import { ContactPicture } from "../parts/ContactPicture";
import { Icon, type IconName } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { t } from "../text";
import type { SafetyStepView, SafetyTestView, Snapshot } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const ICON_OF: Record<SafetyStepView["state"], IconName> = {
  open: "open",
  now: "play",
  passed: "ok",
  failed: "no",
};

/** "0.4 ms of 10 ms", "8.4 s of 12 s", "seen" for what has no time, or nothing before it was tried. */
export function tookWord({ state, took_ms, limit_ms }: SafetyStepView): string {
  if (state !== "passed" && state !== "failed") return "";
  if (limit_ms === null) return state === "passed" ? t("safety-seen") : "";
  if (took_ms === null) return "";
  return t("safety-took", { took: duration(took_ms, limit_ms), limit: duration(limit_ms, limit_ms) });
}

/** Time and day until which the certificate holds; only the time when that is today. */
export function untilWord({ clock, safety_test }: Snapshot): string {
  const { until } = safety_test;
  if (!until) return "";
  const at = clockOf(until);
  return until.slice(0, 10) === clock.slice(0, 10) ? at : t("safety-day-at", { day: shortDateOf(until), at });
}

/** What to do after a test that did not pass; an older certificate may hold all the same. */
export function nextWord(now: Snapshot): string {
  const outcome = now.safety_test.outcome || "dropped";
  const until = untilWord(now);
  return outcome === "dropped" && until ? t("safety-next-kept", { until }) : t(`safety-next-${outcome}`);
}

function Row({ step }: { step: SafetyStepView }) {
  return (
    <li class={step.state} aria-current={step.state === "now" ? "step" : undefined}>
      <Icon name={ICON_OF[step.state]} />
      <span class="name">{t(`proof-${step.key}`)}</span>
      <span class="took num">{tookWord(step)}</span>
    </li>
  );
}

function StepList({ test }: { test: SafetyTestView }) {
  return (
    <section class="card steps">
      <ol>
        {test.steps.map((step) => (
          <Row key={step.key} step={step} />
        ))}
      </ol>
    </section>
  );
}

function Progress({ test }: { test: SafetyTestView }) {
  const done = test.steps.filter((step) => step.state === "passed").length;
  const total = test.steps.length;
  const label = t("safety-progress", { done, total });
  return (
    <div class="progress-line">
      <span class="track" role="progressbar" aria-label={label} aria-valuenow={done} aria-valuemin={0} aria-valuemax={total}>
        <i style={{ width: `${total === 0 ? 0 : (100 * done) / total}%` }} />
      </span>
      <span class="num muted">{label}</span>
    </div>
  );
}

/** The last time that was measured, so that the person sees what the act was worth. */
function LastTime({ test }: { test: SafetyTestView }) {
  const last = test.steps.filter((step) => step.state === "passed").at(-1);
  const took = last ? tookWord(last) : "";
  if (!last || !took) return null;
  return (
    <p class="last">
      <Icon name="ok" />
      <span>
        {t(`proof-${last.key}`)}: <b class="num">{took}</b>
      </span>
    </p>
  );
}

function Running({ test }: { test: SafetyTestView }) {
  const isAsked = test.stage === "person";
  const title = isAsked ? t(`proof-${test.step}-${test.prompt}`) : t(test.step ? `proof-${test.step}` : "safety-ending");
  return (
    <section class={`card doing ${isAsked ? "asked" : ""}`}>
      {isAsked && <ContactPicture name={test.step} isClose={test.prompt === "close"} />}
      <div class="words">
        <span class="k">{isAsked ? t("safety-your-turn") : t("safety-by-itself")}</span>
        <h1 aria-live="polite">{title}</h1>
        <p class="sub">
          {isAsked ? t("safety-within", { time: countdown(test.prompt_ms) }) : t("safety-hands-off")}
        </p>
        <LastTime test={test} />
      </div>
      <Progress test={test} />
    </section>
  );
}

/** What went wrong with a step, in a sentence with what to do. */
function failureWord({ failure, detail, tries }: SafetyStepView): string {
  const words = t(`failure-${failure}`);
  const place = failure === "contact_at_rest" && detail ? `${t(`interlock-${detail}`)}: ` : "";
  const cause = failure === "other_fault" && detail ? ` ${t("safety-code", { code: detail })}` : "";
  const again = tries > 1 ? ` ${t("safety-tries", { count: tries })}` : "";
  return `${place}${words}${cause}${again}`;
}

function Failures({ test }: { test: SafetyTestView }) {
  const failed = test.steps.filter((step) => step.state === "failed");
  return (
    <ul class="failures">
      {failed.map((step) => (
        <li key={step.key}>
          <b>{t(`proof-${step.key}`)}</b> <b class="num">{tookWord(step)}</b>
          <p>{failureWord(step)}</p>
        </li>
      ))}
    </ul>
  );
}

function Failed({ test }: { test: SafetyTestView }) {
  return (
    <section class="card doing">
      <div class="words">
        <div class="head">
          <Icon name="no" />
          {t("safety-step-failed")}
        </div>
        <Failures test={test} />
        <p class="sub">{test.may_repeat ? t("safety-may-repeat") : t("safety-call-service")}</p>
      </div>
      <Progress test={test} />
    </section>
  );
}

function Over({ now }: ScreenProps) {
  const { safety_test: test } = now;
  const isPassed = test.outcome === "passed";
  const rows: [string, string][] = [
    [t("safety-certificate"), test.number],
    [t("safety-valid-until"), untilWord(now)],
    [t("safety-who"), test.who],
  ];
  return (
    <section class="card doing">
      <div class="words">
        <div class={`head ${isPassed ? "good" : ""}`}>
          <Icon name={isPassed ? "ok" : "flag"} />
          {t(`safety-is-${test.outcome || "dropped"}`)}
        </div>
        {isPassed ? <Facts rows={rows} /> : <Failures test={test} />}
        {!isPassed && <p class="sub">{nextWord(now)}</p>}
      </div>
      <Progress test={test} />
    </section>
  );
}

function Now({ now }: ScreenProps) {
  const { safety_test: test } = now;
  if (test.stage === "over") return <Over now={now} />;
  return test.stage === "failed" ? <Failed test={test} /> : <Running test={test} />;
}

function Body({ now }: ScreenProps) {
  return (
    <div class="safety-grid">
      <Now now={now} />
      {!isCompact.value && <StepList test={now.safety_test} />}
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  const { stage, may_repeat } = now.safety_test;
  if (stage === "over") return <Act body={{ t: "end_safety_test" }} label={t("safety-done")} look="primary" />;
  if (stage !== "failed") return <Act body={{ t: "end_safety_test" }} label={t("safety-give-up")} />;
  return (
    <>
      {may_repeat && (
        <Act body={{ t: "repeat_safety_step" }} icon="recheck" label={t("safety-repeat")} look="primary" />
      )}
      <Act body={{ t: "end_safety_test" }} label={t("safety-end")} />
    </>
  );
}

export const safetyTest: Screen = { Body, Actions };
