// A device's page: its points as they come in, and the chart of the chosen one.

import { draw } from "./chart.js";
import { startKeys } from "./keys.js";
import { link } from "./link.js";
import { startTheme } from "./theme.js";
import { now, startTicking, tick } from "./times.js";
import { watch } from "./watch.js";
import { t, word } from "./words.js";

const find = (selector) => document.querySelector(selector);
const device = JSON.parse(find("#device").textContent);
const HOUR = 3600000;
const chosen = { metric: device.points[0]?.metric, start: 0, end: 0, hours: 24 };
let asked = 0;

async function show() {
  if (!chosen.metric) return;
  const number = ++asked;
  const end = chosen.hours ? Math.round(now()) : chosen.end;
  const start = chosen.hours ? end - chosen.hours * HOUR : chosen.start;
  const query = new URLSearchParams({ device: device.id, metric: chosen.metric, from: start, to: end });
  const answer = await fetch(`/api/v1/series?${query}`).catch(() => null);
  if (number !== asked) return;
  const series = answer?.ok ? await answer.json() : null;
  const drawn = series ? draw(find("[data-chart]"), series) : true;
  find("[data-chart-said]").textContent = !series ? t("history_away") : drawn ? "" : t("no_history");
  find("[data-chart]").hidden = !series || !drawn;
}

function choose(metric) {
  chosen.metric = metric;
  for (const tile of document.querySelectorAll("[data-metric]")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.metric === metric));
    if (tile.dataset.metric === metric) find("[data-chart-name]").textContent = tile.querySelector(".tile-name").textContent;
  }
  show();
}

function chooseHours(button) {
  chosen.hours = Number(button.dataset.hours);
  for (const other of document.querySelectorAll("[data-hours]")) other.setAttribute("aria-pressed", String(other === button));
  show();
}

function chooseSpan(event) {
  event.preventDefault();
  const [start, end] = [find("[data-from]").value, find("[data-to]").value].map((text) => new Date(text).getTime());
  if (!(end > start)) return;
  Object.assign(chosen, { start, end, hours: 0 });
  for (const button of document.querySelectorAll("[data-hours]")) button.setAttribute("aria-pressed", "false");
  find(".custom").open = false;
  show();
}

async function refresh() {
  const answer = await fetch(`/api/v1/devices/${encodeURIComponent(device.id)}`).catch(() => null);
  if (answer?.ok) follow(await answer.json());
}

/** A frame about this device: new values into the tiles. A point seen for the first time needs a fresh page. */
function follow(view) {
  for (const point of view.points) {
    const tile = find(`[data-metric="${CSS.escape(point.metric)}"]`);
    if (!tile) return location.reload();
    tile.querySelector(".tile-value").textContent = reading(point);
    const age = tile.querySelector("time");
    age.dataset.at = point.event_time;
    age.removeAttribute("title");
  }
  const supervision = find("[data-supervision]");
  if (supervision.dataset.supervision !== view.supervision) {
    supervision.dataset.supervision = view.supervision;
    supervision.textContent = t(`health_${view.supervision}`);
  }
  const heard = find("[data-heard] time");
  if (heard && view.heard) heard.dataset.at = view.heard;
  tick();
  return undefined;
}

function reading({ value, unit }) {
  if (typeof value === "string") return word(value);
  const number = Math.abs(value) < 100 ? Number(value.toPrecision(3)) : Math.round(value);
  return `${number}${unit && unit !== "%" ? " " : ""}${unit}`;
}

for (const tile of document.querySelectorAll("[data-metric]")) tile.addEventListener("click", () => choose(tile.dataset.metric));
for (const button of document.querySelectorAll("[data-hours]")) button.addEventListener("click", () => chooseHours(button));
find("[data-spans]").addEventListener("submit", chooseSpan);
addEventListener("theme", show);
link.addEventListener("device", (event) => follow(event.detail));
link.addEventListener("hello", refresh);
startTicking();
startTheme();
startKeys({ "/": () => location.assign("/devices#search") });
if (chosen.metric) choose(chosen.metric);
watch(device.id);
