// Checks: one question a card, big answers, progress; the machine's own checks alongside. A red answer
// says what now: change it, or a clinician releases it. Answers are never pre-filled.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { heatWord } from "../heat";
import { isCompact } from "../panel";
import { Act, Button } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { ContactNotes, hasContactNotes, MachineChecks } from "../parts/pieces";
import { act, dialog, say, snapshot } from "../store";
import { keyed, t, tFirst } from "../text";
import type { CheckView, VisitView } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const MARKED_MAX = 6; // on small panels only answers that are not plain good are listed

const looking = signal<string | null>(null); // the question a person went back to

function questionsOf(visit: VisitView): CheckView[] {
  return visit.checks.filter((check) => check.kind === "question");
}

/** The question to show: the one looked at, else the first without an answer, else none. */
export function currentQuestion(questions: readonly CheckView[], wanted: string | null): CheckView | null {
  const chosen = questions.find((question) => question.key === wanted);
  return chosen ?? questions.find((question) => question.state === "open") ?? null;
}

function Progress({ questions, current }: { questions: readonly CheckView[]; current: CheckView | null }) {
  return (
    <div class="progress" role="img" aria-label={progressWord(questions, current)}>
      {questions.map(({ key, state }) => (
        <i key={key} class={`${state} ${key === current?.key ? "current" : ""}`} />
      ))}
    </div>
  );
}

function progressWord(questions: readonly CheckView[], current: CheckView | null): string {
  const number = current ? questions.indexOf(current) + 1 : questions.length;
  return t("question-of", { number, total: questions.length });
}

async function give(question: CheckView, answer: string): Promise<void> {
  if (!(await act({ t: "answer_check", key: question.key, answer }))) return;
  const after = snapshot.value?.visit?.checks.find((check) => check.key === question.key);
  looking.value = after?.state === "red" ? question.key : null; // a red answer stays in view
}

function Choices({ question }: { question: CheckView }) {
  return (
    <div class={`choices n${question.choices.length}`}>
      {question.choices.map((choice) => (
        <button
          key={choice}
          type="button"
          class="choice"
          aria-pressed={question.answer === choice}
          onClick={() => void give(question, choice)}
        >
          {tFirst([`choice-${question.key}-${choice}`, keyed("choice", choice)], choice)}
        </button>
      ))}
    </div>
  );
}

/** What a red or released answer means for the session. */
function Verdict({ question }: { question: CheckView }) {
  if (question.state === "released") {
    return (
      <p class="verdict good">
        <Icon name="shield" />
        {t("check-released-by", { who: question.by })}
      </p>
    );
  }
  if (question.state !== "red") return null;
  const open = (): void => {
    dialog.value = { kind: "release", key: question.key };
  };
  return (
    <div class="verdict red" role="status">
      <p>
        <b>{t("check-red")}</b> {question.may_release ? t("check-red-do") : t("check-red-fix")}
      </p>
      {question.may_release && <Button icon="shield" label={t("release-open")} onPress={open} />}
    </div>
  );
}

function QuestionCard({ questions, question }: { questions: readonly CheckView[]; question: CheckView }) {
  const help = tFirst([`check-${question.key}-help`], "");
  return (
    <section class={`card question ${question.state}`}>
      <div class="title-row">
        <span class="k">{progressWord(questions, question)}</span>
        <Progress questions={questions} current={question} />
      </div>
      <h1>{t(`check-${question.key}`)}</h1>
      {question.state !== "red" && <p class="sub">{help}</p>}
      <Choices question={question} />
      <Verdict question={question} />
    </section>
  );
}

function Summary({ questions }: { questions: readonly CheckView[] }) {
  const red = questions.filter((question) => question.state === "red").length;
  const marked = questions.filter((question) => question.state !== "ok").slice(0, MARKED_MAX);
  const listed = isCompact.value ? marked : questions;
  return (
    <section class="card summary">
      <div class="title-row">
        <h2>{red ? t("checks-red-count", { count: red }) : t("checks-answered")}</h2>
        <Progress questions={questions} current={null} />
      </div>
      {listed.length === 0 && (
        <p class="all good">
          <Icon name="ok" />
          {t("checks-fine")}
        </p>
      )}
      {listed.length > 0 && (
        <div class="answers">
          {listed.map((question) => (
            <button
              key={question.key}
              type="button"
              class={`answer ${question.state}`}
              onClick={() => (looking.value = question.key)}
            >
              <Icon name={question.state === "red" ? "no" : "ok"} />
              <span>
                <small>{t(`check-${question.key}`)}</small>
                {tFirst([`choice-${question.key}-${question.answer}`, keyed("choice", question.answer)], "–")}
              </span>
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

function Body({ now }: ScreenProps) {
  useEffect(() => {
    looking.value = null;
  }, []);
  const { visit } = now;
  const questions = visit ? questionsOf(visit) : [];
  if (!visit) return null;
  const question = currentQuestion(questions, looking.value);
  const heat = heatWord(now.heat);
  const hasNotes = heat !== "" || hasContactNotes(now.device);
  return (
    <div class="checks-grid">
      {question ? <QuestionCard questions={questions} question={question} /> : <Summary questions={questions} />}
      <section class="card machine">
        <h2>{t("machine-checks")}</h2>
        <MachineChecks checks={visit.checks} isFolded={isCompact.value && hasNotes} />
        <ContactNotes device={now.device} />
        {heat && (
          <p class="state failed" role="status">
            <Icon name="warn" />
            <span>{heat}</span>
          </p>
        )}
      </section>
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  const { visit } = now;
  if (!visit) return null;
  const questions = questionsOf(visit);
  const current = currentQuestion(questions, looking.value);
  const index = current ? questions.indexOf(current) : questions.length;
  const before = questions[index - 1];
  const back = (): void => {
    if (before) looking.value = before.key;
  };
  const onward = (): void => {
    looking.value = null;
  };
  return (
    <>
      {before ? (
        <Button icon="left" label={t("question-before")} onPress={back} />
      ) : (
        <Act body={{ t: "back" }} icon="left" label={t("back-to-order")} />
      )}
      {current ? (
        <Button
          label={t("question-next")}
          isOff={current.state === "open"}
          onPress={current.state === "open" ? () => say(t("answer-first")) : onward}
        />
      ) : (
        <Act body={{ t: "finish_checks" }} label={t("checks-done")} look="primary" />
      )}
    </>
  );
}

export const checks: Screen = { Body, Actions };
