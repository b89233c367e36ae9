// Patient: the order in words and numbers, side first and large; the course; the threshold; what is wrong
// with the order and what to do. Read only: a change needs the prescriber.
import { dateOf, grouped, lengthOf, percent } from "../format";
import { Act } from "../parts/buttons";
import { HeadPicture } from "../parts/HeadPicture";
import { Icon } from "../parts/Icon";
import { CourseStrip, Facts } from "../parts/pieces";
import { placeOf } from "../parts/TopBar";
import { has, t, tFirst } from "../text";
import type { OrderView, ProblemView } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const PROBLEMS_MAX = 3; // more would not fit; the count says how many there are

function OrderCard({ order }: { order: OrderView }) {
  const rows: [string, string][] = [
    [
      t("order-level"),
      t("level-of", { percent: order.percent_mt, output: order.level_pct_mso }),
    ],
    [t("order-pulses"), pulsesWord(order)],
    [t("order-length"), lengthOf(order.length_s)],
    [t("order-coil"), tFirst([`coil-${order.coil_type}`], order.coil_type)],
    [t("order-prescriber"), order.prescriber],
    [t("order-date"), dateOf(order.authored)],
  ];
  return (
    <section class="card order">
      <HeadPicture side={order.side} site={order.site} />
      <div class="words">
        <span class="k">{t("order-title", { status: t(`status-${order.status}`) })}</span>
        <h1>{placeOf(order.side, order.site)}</h1>
        <p class="sub">{order.protocol_name}</p>
        <Facts rows={rows} />
      </div>
    </section>
  );
}

/** "3 000 in 75 trains", or the count alone for a single train. */
function pulsesWord(order: OrderView): string {
  const pulses = grouped(order.pulses);
  return order.trains > 1 ? t("pulses-in-trains", { pulses, trains: order.trains }) : pulses;
}

function ThresholdCard({ order }: { order: OrderView }) {
  const method = tFirst([`mt-method-${order.mt_method}`], order.mt_method);
  return (
    <section class="card threshold">
      <h2>{tFirst([`mt-basis-${order.mt_basis}`], t("threshold-title"))}</h2>
      <div class="pair">
        <b class="num">{percent(order.mt_pct_mso)}</b>
        <span>{t("of-output")}</span>
      </div>
      <p class="muted small">{t("threshold-how", { date: dateOf(order.mt_date), method })}</p>
    </section>
  );
}

function CourseCard({ order }: { order: OrderView }) {
  const { session_number: number, sessions_total: total } = order;
  return (
    <section class="card">
      <div class="title-row">
        <h2>{t("course-title")}</h2>
        <b>{t("session-of", { number, total })}</b>
      </div>
      <CourseStrip number={number} total={total} />
      <p class="muted small">{tFirst([`indication-${order.indication}`], order.indication)}</p>
    </section>
  );
}

function problemWords(problem: ProblemView): { what: string; advice: string } {
  const { code, where, value, limit } = problem;
  const args = { where, value, limit };
  const what = tFirst([`problem-${code}`, `problem-${code}-what`], `${code}: ${where}`, args);
  const key = `problem-${code}-do`;
  return { what, advice: has(key) ? t(key, args) : "" };
}

function ProblemsCard({ problems }: { problems: readonly ProblemView[] }) {
  if (problems.length === 0) {
    return (
      <section class="card fine good">
        <Icon name="ok" />
        {t("problems-none")}
      </section>
    );
  }
  return (
    <section class="card problems" role="status">
      <h2>{t("problems-count", { count: problems.length })}</h2>
      <ul>
        {problems.slice(0, PROBLEMS_MAX).map((problem) => {
          const { what, advice } = problemWords(problem);
          return (
            <li key={`${problem.code}-${problem.where}`}>
              {what}
              {advice && <span>{advice}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Body({ now }: ScreenProps) {
  const { visit } = now;
  if (!visit) return null;
  const { order, problems } = visit;
  return (
    <div class={`patient-grid ${problems.length ? "troubled" : ""}`}>
      {order ? (
        <OrderCard order={order} />
      ) : (
        <section class="card order none">
          <h1>{t("order-none")}</h1>
          <p class="sub">{t("order-none-help")}</p>
        </section>
      )}
      <div class="side">
        <ProblemsCard problems={problems} />
        {order && problems.length < 2 && <ThresholdCard order={order} />}
        {order && problems.length < 1 && <CourseCard order={order} />}
      </div>
    </div>
  );
}

function Actions() {
  return (
    <>
      <Act body={{ t: "leave_visit" }} icon="left" label={t("tab-today")} />
      <Act body={{ t: "begin_checks" }} label={t("begin-checks")} look="primary" />
    </>
  );
}

export const patient: Screen = { Body, Actions };
