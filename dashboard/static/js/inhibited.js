// What is hidden now, in a strip under the bar of the wall: how much, whether life safety is in it, how long.

import { now } from "./times.js";
import { span, t } from "./words.js";

export function showInhibited(element, { inhibited }) {
  if (!element || !inhibited) return;
  const { out, proposed, shelved, suppressed } = inhibited;
  const parts = [];
  const say = (text, big) => parts.push({ text, big });
  if (out.n) {
    say(t("wall_out", { n: out.n }), true);
    say(out.vital ? t("wall_out_vital", { n: out.vital }) : t("wall_out_devices", { n: out.devices }), out.vital > 0);
    say(t("wall_longest", { t: span(now() - out.since) }));
  }
  if (proposed) say(t("wall_proposed", { n: proposed }));
  for (const [key, found] of [["wall_shelved", shelved], ["wall_suppressed", suppressed]]) {
    if (!found.n) continue;
    say(t(key, { n: found.n }));
    if (found.since) say(t("wall_longest", { t: span(now() - found.since) }));
    if (found.hidden) say(t("hidden_times", { n: found.hidden }));
  }
  element.hidden = parts.length === 0;
  element.classList.toggle("hidden-vital", out.vital > 0);
  if (element.textContent === parts.map((part) => part.text).join("")) return;
  element.replaceChildren(...parts.map((part) => {
    const one = document.createElement(part.big ? "b" : "span");
    one.textContent = part.text;
    return one;
  }));
}
