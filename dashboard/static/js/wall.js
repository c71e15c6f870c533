// The wall: puts store, link, sound and the elements together. It goes on when the server is gone.

import "./alert-list.js";
import "./facades.js";
import { showDuty } from "./duty.js";
import { showInhibited } from "./inhibited.js";
import { act } from "./act.js";
import { keySheet, startKeys } from "./keys.js";
import { link } from "./link.js";
import { sound } from "./sound.js";
import { store, waits } from "./store.js";
import { startTheme } from "./theme.js";
import { startTicking } from "./times.js";
import { watch } from "./watch.js";
import { ago, countdown, t } from "./words.js";

const find = (selector) => document.querySelector(selector);

function showSound() {
  const bar = find("[data-sound-bar]");
  const mute = find("[data-mute]");
  bar.hidden = !sound.on;
  mute.hidden = !sound.playing && !sound.muteLeft;
  mute.disabled = sound.muteLeft > 0;
  mute.textContent = sound.muteLeft ? t("muted", { left: countdown(sound.muteLeft) }) : t("mute");
}

function showLink() {
  const live = find("[data-live]");
  live.hidden = false;
  live.dataset.live = link.state === "live" ? "live" : link.state === "connecting" ? "connecting" : "stale";
  const age = link.state === "connecting" ? t("connecting") : t("age_of_data", { t: ago(0, link.age) });
  const element = find("[data-live-age]");
  if (element.textContent !== age) element.textContent = age;
}

function showCounts() {
  find("[data-reporting]").textContent = t("devices_reporting", { n: store.counts.reporting });
  find("[data-silent]").textContent = t("devices_silent", { n: store.counts.silent });
  find("[data-never]").textContent = t("devices_never", { n: store.counts.never });
  const waiting = [...store.alerts.values()].filter(waits).length;
  document.title = `${waiting ? `(${waiting}) ` : ""}${find(".campus").textContent} · ${t("tocsin")}`;
}

function startScenarios() {
  find("[data-scenarios]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const said = await act(`/api/v1/scenarios/${button.dataset.scenario}`);
    find("[data-scenario-said]").textContent = said || t("scenario_started", { name: button.textContent });
  });
}

store.addEventListener("change", showCounts);
store.addEventListener("change", () => showDuty(find("[data-duty]"), store));
store.addEventListener("change", () => showInhibited(find("[data-inhibited]"), store));
link.addEventListener("age", showLink);
sound.addEventListener("change", showSound);

find("[data-mute]").addEventListener("click", () => sound.mute());
find("[data-test-tone]").addEventListener("click", () => sound.chime());
const list = find("alert-list");
startKeys({
  a: (press) => press.repeat || list.takeChosen(),
  j: () => list.move(1),
  k: () => list.move(-1),
  o: () => list.openChosen(),
  m: () => sound.mute(),
  "/": () => location.assign("/devices#search"),
  "?": keySheet(),
});
store.restore(JSON.parse(find("#snapshot").textContent));
startTicking();
startTheme();
startScenarios();
watch();
showSound();
