// What is true as far as this screen knows: filled by a snapshot, kept by frames, kept as it is when they stop.

import { setNow } from "./times.js";

const CLASSES = ["alarm", "supervisory", "trouble", "status"];
export const WORST_FIRST = ["alarm", "supervisory", "trouble", "silent", "status", "drill", "out", "normal"]; // as in dashboard/places.py

class Store extends EventTarget {
  alerts = new Map();
  places = {};
  persons = {};
  silent = [];
  unrecorded = [];
  rung = "gateways"; // what is left to reach people: "local" lines of our own, only this "screen"
  counts = { reporting: 0, silent: 0, never: 0 };
  duty = [];
  drills = [];
  inhibited = null;
  incidents = [];
  suggested = [];
  flood = null;
  refused = "";
  unreadable = false;
  outdated = false;
  boot = "";
  seq = 0;
  version = null;

  /** All of it anew. */
  restore(snapshot) {
    this.alerts = new Map(snapshot.alerts.map((card) => [card.id, card]));
    this.places = snapshot.places;
    this.persons = snapshot.persons;
    this.outdated ||= this.version !== null && this.version !== snapshot.version;
    this.version ??= snapshot.version;
    this.boot = snapshot.boot;
    this.seq = snapshot.seq;
    this.unreadable = false;
    this.surround(snapshot);
    this.changed();
  }

  /** A frame of the live stream. False when one is missing: the screen then needs a snapshot. */
  follow(frame) {
    if (frame.boot !== this.boot) return false;
    setNow(frame.now);
    if (frame.seq <= this.seq) return true;
    this.seq = frame.seq;
    this.merge(frame.alerts, frame.closed);
    this.unreadable = Boolean(frame.unreadable);
    this.surround(frame);
    this.changed();
    return true;
  }

  merge(cards, closed) {
    for (const card of cards) this.alerts.set(card.id, card);
    for (const id of closed) this.alerts.delete(id);
  }

  /** What an act of this screen has changed, before the stream says so. */
  take(cards) {
    this.merge(cards.filter((card) => card.open), cards.filter((card) => !card.open).map((card) => card.id));
    this.changed();
  }

  surround({ now, silent, counts, refused, unrecorded, rung, duty, drills, incidents, suggested, flood, inhibited }) {
    if (incidents) this.incidents = incidents;
    if (suggested) this.suggested = suggested;
    if (flood !== undefined) this.flood = flood;
    if (now) setNow(now);
    if (silent) this.silent = silent;
    if (duty) this.duty = duty;
    if (drills) this.drills = drills;
    if (inhibited) this.inhibited = inhibited;
    if (counts) this.counts = counts;
    if (refused !== undefined) this.refused = refused;
    if (unrecorded) this.unrecorded = unrecorded;
    if (rung) this.rung = rung;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Open alerts in the order of the wall, as in dashboard/cards.py, which says why. */
  ordered() {
    return [...this.alerts.values()].sort(
      (a, b) =>
        CLASSES.indexOf(a.class) - CLASSES.indexOf(b.class) ||
        (a.mode !== "real") - (b.mode !== "real") ||
        a.priority - b.priority ||
        b.life_safety - a.life_safety ||
        vague(a) - vague(b) ||
        b.active_at - a.active_at ||
        b.id - a.id,
    );
  }

  /** The places from the building down to this one; the campus itself when that is all there is. */
  path(place) {
    const found = [];
    for (let here = place; here in this.places; here = this.places[here].parent) found.unshift(here);
    return found.length > 1 ? found.slice(1) : found;
  }

  /** place → worst state of itself and all inside, for places that are not well. */
  states() {
    const found = new Map();
    const marks = [...this.alerts.values()].map((card) => [card.place, stateOf(card)]);
    marks.push(...this.silent.map((place) => [place, "silent"]));
    marks.push(...this.unrecorded.map((lost) => [lost.place, lost.alert_class]));
    for (const [place, state] of marks) {
      for (let here = place; here in this.places; here = this.places[here].parent) {
        const known = found.get(here) ?? "normal";
        if (WORST_FIRST.indexOf(state) < WORST_FIRST.indexOf(known)) found.set(here, state);
      }
    }
    return found;
  }
}

const stateOf = (card) => (card.inhibition !== "none" ? "out" : card.mode === "real" ? card.class : "drill");
const vague = (card) => card.kind === "unregistered";

export const store = new Store();

/** Waits for somebody and is real or drill alike: it sounds. */
export const waits = (card) => card.acknowledgement === "no" && card.inhibition === "none";
