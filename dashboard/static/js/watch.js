// What every page does for the guard: follow the stream, sound for what nobody took, say when the data stands still.

import "./banners.js";
import { link } from "./link.js";
import { sound } from "./sound.js";
import { store, waits } from "./store.js";
import { named, t } from "./words.js";

const causeOf = (card) => `${card.id}/${card.sounded_at}`;
let known = null; // causes that this page has shown before
let chimed = -Infinity;
const CHIMES_IN_A_FLOOD = 60000; // ms between two chimes, so that a flood stays bearable; alarms sound as ever

/** What ought to sound: an alarm nobody took or that could not be written; else that Tocsin cannot be relied on. */
function wanted() {
  const causes = [...store.alerts.values()].filter((card) => card.class === "alarm" && waits(card)).map(causeOf);
  causes.push(...store.unrecorded.map((lost) => `${lost.rule}/${lost.device}/${lost.moment}`));
  const failing = [];
  if (link.state === "dead") failing.push("stale");
  if (store.rung === "screen") failing.push("no-gateway");
  const sounds = causes.length ? "alarm" : failing.length ? "stale" : "";
  causes.push(...failing); // so that they break a mute
  return [sounds, causes];
}

function listen() {
  sound.want(...wanted());
  const waiting = store.ordered().filter((card) => waits(card) && card.class !== "status"); // the test of a shift
  const fresh = known ? waiting.filter((card) => !known.has(causeOf(card))) : [];
  known = new Set(waiting.map(causeOf));
  if (fresh.length === 0) return;
  const quiet = store.flood && performance.now() - chimed < CHIMES_IN_A_FLOOD && !fresh.some((card) => card.life_safety);
  if (!sound.playing && !quiet) {
    chimed = performance.now();
    sound.chime();
  }
  announce(fresh);
}

/** For a screen reader: one message for a burst, the most important alert and how many more. */
function announce([card, ...others]) {
  const where = store.path(card.place).map((part) => named(store.places[part], part)).join(" ");
  const more = others.length ? t("more_alerts", { n: others.length }) : "";
  document.querySelector("[data-announce]").textContent =
    `${t(`class_${card.class}`)} ${where} ${named(card.title)} ${more}`;
}

function showState() {
  document.body.dataset.sound = !sound.on ? "off" : sound.playing || (sound.muteLeft ? "muted" : "on");
}

/** `device`: the page also wants the points of this one. */
export function watch(device = "") {
  store.addEventListener("change", listen);
  link.addEventListener("change", listen);
  link.addEventListener("age", () => sound.look());
  sound.addEventListener("change", showState);
  document.addEventListener("visibilitychange", () => link.pause(document.hidden && !sound.on));
  sound.rearm();
  showState();
  link.start(device);
}
