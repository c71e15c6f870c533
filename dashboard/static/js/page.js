// Every page but the wall and a device: moving times, the keyboard, the appearance, the watch over alarms.

import { startKeys } from "./keys.js";
import { store } from "./store.js";
import { startTheme } from "./theme.js";
import { startTicking } from "./times.js";
import { signedIn } from "./words.js";

/** The page of one alert says so when the alert has changed; it never reloads under somebody who types. */
function followAlert(page) {
  const id = Number(page.dataset.alertPage);
  let known = null;
  store.addEventListener("change", () => {
    const shown = JSON.stringify(store.alerts.get(id) ?? null, (key, value) => (key === "next" ? undefined : value));
    known ??= shown;
    page.querySelector("[data-changed]").hidden = shown === known;
  });
}

function search() {
  const field = document.querySelector("[data-search]");
  if (field) field.focus();
  else location.assign("/devices#search");
}

startTicking();
startTheme();
startKeys({ "/": search });
if (location.hash === "#search") search();
const page = document.querySelector("[data-alert-page]");
if (page) followAlert(page);
if (location.hash === "#take") document.querySelector(".acts button")?.focus();
const push = document.querySelector("[data-push]");
if (push) import("./push.js").then(({ startPush }) => startPush(push));
if (signedIn) import("./watch.js").then(({ watch }) => watch());
