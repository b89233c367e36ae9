// Before the first picture has come: says so, and offers nothing but STOP.
import { Icon } from "../parts/Icon";
import { t } from "../text";

/** The main region before anything is known. */
export function Connecting() {
  return (
    <section class="card connecting">
      <Icon name="unplug" />
      <h1>{t("connecting-title")}</h1>
      <p class="sub">{t("connecting-help")}</p>
    </section>
  );
}
