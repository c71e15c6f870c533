// What every page does for the guard: follow the stream, sound for what nobody took, say when the data stands still.

import "./banners.js";
import { link } from "./link.js";
import { sound } from "./sound.js";
import { store, waits } from "./store.js";

const causeOf = (card) => `${card.id}/${card.sounded_at}`;
let known = null; // causes that this page has shown before

/** What ought to sound: an alarm nobody took or that could not be written; else that the data stands still. */
function wanted() {
  const causes = [...store.alerts.values()].filter((card) => card.class === "alarm" && waits(card)).map(causeOf);
  causes.push(...store.unrecorded.map((lost) => `${lost.rule}/${lost.device}/${lost.moment}`));
  if (causes.length) return ["alarm", causes];
  return link.state === "dead" ? ["stale", ["stale"]] : ["", []];
}

function listen() {
  sound.want(...wanted());
  const waiting = new Set([...store.alerts.values()].filter(waits).map(causeOf));
  if (known && !sound.playing && [...waiting].some((cause) => !known.has(cause))) sound.chime();
  known = waiting;
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
