// Times that move: <time data-at=ms> says how long ago, [data-due=ms] counts down, [data-since=ms] counts up.
// Once a second for all.

import { ago, clock, countdown, exact, pageNow, span, t } from "./words.js";

let offset = pageNow - Date.now();

/** The server's moment, ms; goes on by this machine's clock when the server is gone. */
export const now = () => Date.now() + offset;

export function setNow(moment) {
  offset = moment - Date.now();
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tick(root = document) {
  const moment = now();
  for (const element of root.querySelectorAll("time[data-at]")) {
    const at = Number(element.dataset.at);
    write(element, ago(at, moment));
    if (!element.title) element.title = exact(at);
  }
  for (const element of root.querySelectorAll("[data-due]")) {
    const left = Number(element.dataset.due) - moment;
    const late = element.dataset.late === "now" ? t("next_now") : t("overdue", { t: span(-left) });
    write(element, left > 0 ? countdown(left) : late);
  }
  for (const element of root.querySelectorAll("[data-since]")) {
    const at = Number(element.dataset.since);
    const passed = moment - at;
    write(element, passed < 86400000 ? countdown(passed) : span(passed));
    if (!element.title) element.title = exact(at);
  }
  const face = document.querySelector("[data-clock]");
  if (face) {
    face.hidden = false;
    write(face, clock(moment));
  }
}

export function startTicking() {
  tick();
  setInterval(tick, 1000);
}
