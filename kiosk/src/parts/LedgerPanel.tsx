// The dose ledger train by train: prescribed, asked of the controller, measured at the coil. Neighbours
// that are alike are one line; more than a page is turned.
import { useState } from "preact/hooks";
import { grouped } from "../format";
import { isCompact } from "../panel";
import { foldedLedger, type LedgerLine } from "../rest";
import { t } from "../text";
import type { Snapshot } from "../wire";
import { Button } from "./buttons";
import { Panel } from "./Panel";

const LINES_LARGE = 6;
const LINES_SMALL = 3;

function Line({ first, last, train }: LedgerLine) {
  const [prescribed, commanded, measured, uncertain] = train;
  const name = first === last ? t("ledger-train", { train: first }) : t("ledger-trains", { first, last });
  const unsure = uncertain > 0 ? t("ledger-unsure", { count: grouped(uncertain) }) : "";
  return (
    <tr class={measured === prescribed ? "whole" : ""}>
      <th scope="row">{name}</th>
      <td class="num">{grouped(prescribed)}</td>
      <td class="num">{grouped(commanded)}</td>
      <td class="num">
        {grouped(measured)}
        {unsure && <small> {unsure}</small>}
      </td>
    </tr>
  );
}

/** The ledger of the session that has ended. */
export function LedgerPanel({ now }: { now: Snapshot }) {
  const [page, setPage] = useState(0);
  const lines = foldedLedger(now.visit?.session.ledger ?? []);
  const size = isCompact.value ? LINES_SMALL : LINES_LARGE;
  const pages = Math.max(1, Math.ceil(lines.length / size));
  const first = (page % pages) * size;
  const more = pages > 1 && <Button label={t("ledger-more")} onPress={() => setPage(page + 1)} />;
  return (
    <Panel title={t("ledger-title")} actions={more}>
      <h2>{t("ledger-title")}</h2>
      <p class="muted">{t("ledger-help")}</p>
      <table class="ledger">
        <thead>
          <tr>
            <th scope="col">{t("ledger-col-train")}</th>
            <th scope="col">{t("ledger-col-prescribed")}</th>
            <th scope="col">{t("ledger-col-commanded")}</th>
            <th scope="col">{t("ledger-col-measured")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(first, first + size).map((line) => (
            <Line key={line.first} {...line} />
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
