// <alert-list>: the open alerts, in the order of the wall, with who was told and who answered.

import { LitElement, html, nothing, repeat } from "../vendor/lit.js";
import { isReal, take, takeAll } from "./act.js";
import { entries } from "./grouping.js";
import { store, waits } from "./store.js";
import { tick } from "./times.js";
import { Merging, floodBanner, floodEntry, incidentEntry, takeIncident } from "./together.js";
import { named, t } from "./words.js";

const SHOWN = 60;
const ONE_PRESS = 400; // ms: a press sooner after the last is the same finger, and must not take the next alarm unseen
const REACHED = { sent: "✓", accepted: "✓", delivered: "✓✓", read: "✓✓", answered: "✓✓" };

class AlertList extends LitElement {
  static properties = { chosen: { state: true }, said: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.chosen = null;
    this.said = new Map(); // entry key → why an act was refused
    this.busy = new Set();
    this.pressed = -Infinity;
    this.merging = new Merging(this);
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.replaceChildren(); // what the server painted first
    store.addEventListener("change", () => this.requestUpdate());
  }

  updated() {
    tick(this);
  }

  render() {
    const shown = entries();
    document.querySelector(".wall-columns")?.classList.toggle("wall-calm", shown.length === 0);
    if (shown.length === 0) return this.calm();
    const waiting = store.ordered().filter(waits).length;
    return html`
      <h2 class="alerts-head">
        ${t("open_alerts")} <b>${store.alerts.size}</b>
        <span class=${waiting ? "waiting" : "waiting soft"}>${waiting ? t("waiting", { n: waiting }) : t("all_taken")}</span>
        ${this.merging.button()}
      </h2>
      ${floodBanner()}${this.merging.bar()}
      ${repeat(shown.slice(0, SHOWN), (entry) => entry.key, (entry) => this.entry(entry))}
      ${shown.length > SHOWN
        ? html`<p><a href="/alerts">${t("more_alerts", { n: shown.length - SHOWN })}</a></p>`
        : nothing}
    `;
  }

  calm() {
    return html`<div class="calm">
      <p class="calm-word">${t("all_well")}</p>
      <p class="soft">${t("all_well_more", { n: store.counts.reporting })}</p>
    </div>`;
  }

  entry(entry) {
    if (entry.flood) return floodEntry(entry);
    if (entry.incident) {
      return incidentEntry(entry, this.dataset.mayAct, this.said.get(entry.key), () => this.takeEntry(entry));
    }
    const card = entry.cards[0];
    const many = entry.cards.length > 1;
    const marks = [
      "card", `card-${card.class}`, card.acknowledgement === "no" ? "" : "card-taken",
      card.mode === "real" ? "" : "card-drill", card.inhibition === "none" ? "" : "card-out",
    ];
    return html`<article class=${marks.join(" ")} data-alert=${card.id} ?data-chosen=${entry.key === this.chosen}
        tabindex="-1" @focusin=${() => { this.chosen = entry.key; }}>
      <div class="card-class">
        <span class="mark mark-${card.class}" aria-hidden="true"></span><span class="mark-word">${t(`class_${card.class}`)}</span>
        ${card.mode === "real" ? nothing : html`<span class="drill-word">${t(`mode_${card.mode}`)}</span>`}
        ${card.inhibition === "none" ? nothing : html`<span class="drill-word">${t(`inhibition_${card.inhibition}`)}</span>${card.inhibited_at ? html`<b class="clock-face" data-since=${card.inhibited_at}></b>` : nothing}`}
      </div>
      <div class="card-body">
        <h3 class="card-place"><a href=${many ? `/alerts` : `/alerts/${card.id}`}>${many ? this.building(card) : this.place(card)}</a></h3>
        <p class="card-what">
          ${named(card.title)} ${many ? nothing : html`<span class="soft">${named(card.device_name)}</span>`}
          ${many ? html`<b>${t("together", { n: entry.cards.length })}</b>` : nothing}
          ${card.incident ? html`<a class="tag" href="/incidents/${card.incident}">${t("incident_n", { n: card.incident })}</a>` : nothing}
          ${card.occurrence > 1 && !many ? html`<b>${t("occurrence", { n: card.occurrence })}</b>` : nothing}
          ${card.activity === "active" || many ? nothing : html`<span class="soft">${t(`activity_${card.activity}`)}</span>`}
        </p>
        ${many ? this.rooms(entry.cards) : this.people(card)}
        ${many ? nothing : this.next(card)}
      </div>
      <div class="card-side">
        <span class="card-age"><time data-at=${card.active_at}></time></span>
        ${many ? nothing : this.clocks(card)}
        ${this.button(entry)}${many ? nothing : this.merging.check(card)}
        ${many || card.mode === "real" || !this.dataset.mayAct ? nothing : this.real(entry)}
      </div>
      ${this.said.has(entry.key) ? html`<p class="card-said" role="alert">${this.said.get(entry.key)}</p>` : nothing}
    </article>`;
  }

  place(card) {
    const path = store.path(card.place);
    if (path.length === 0) return html`<span class="strong">${card.place}</span>`;
    return path.map((part, index) => {
      const ends = index === 0 || index === path.length - 1;
      return html`<span class=${ends ? "part strong" : "part"}>${named(store.places[part], part)}</span> `;
    });
  }

  building(card) {
    const [first] = store.path(card.place);
    return html`<span class="strong">${named(store.places[first], card.place)}</span>`;
  }

  rooms(cards) {
    const places = new Map();
    for (const card of cards) places.set(card.place, [...(places.get(card.place) ?? []), card]);
    const name = (place) => store.path(place).slice(1).map((part) => named(store.places[part], part)).join(" ");
    return html`<p class="group-places">
      ${[...places].slice(0, 12).map(([place, here]) => html`<a href="/alerts/${here[0].id}"
        >${name(place) || place}${here.length > 1 ? ` ×${here.length}` : nothing}</a> `)}
      ${places.size > 12 ? "…" : nothing}
    </p>`;
  }

  who(id) {
    return named(store.persons[id], id === "tocsin" ? t("tocsin") : id);
  }

  /** By a button on a wall nobody knows who pressed it, only for whom. */
  taken(card) {
    const who = this.who(card.acknowledged_by), button = named(card.taken_at);
    return button ? t("taken_at", { who, button }) : t("taken_by", { who });
  }

  people(card) {
    const answered = card.arrived_by
      ? t("arrived_by", { who: this.who(card.arrived_by) })
      : card.acknowledged_by ? this.taken(card) : "";
    const told = card.told.map((line) => {
      const state = t(`state_${line.state}`);
      return html`<span class="told told-${line.state}" title="${line.channel} · ${state}"
        >${line.person ? this.who(line.person) : line.channel}<i>${REACHED[line.state] ?? state}</i></span>`;
    });
    return html`<p class="card-people">
      ${answered ? html`<b>${answered}</b> ` : nothing}${this.second(card)}${told.length ? [t("told"), " ", told] : t("told_nobody")}
    </p>`;
  }

  /** The second clock: since somebody has it, since it is known to be real. */
  clocks(card) {
    const line = (word, at) => html`<span class="card-since">${t(word)} <b data-since=${at}></b></span>`;
    return [
      card.acknowledged_at ? line("clock_taken", card.acknowledged_at) : nothing,
      card.verification === "confirmed" && card.verified_at ? line("clock_confirmed", card.verified_at) : nothing,
    ];
  }

  second(card) {
    if (card.joined_by) return html`<b>${t("joined_by", { who: this.who(card.joined_by) })}</b> `;
    return card.pair === "wanted" ? html`<b class="wanted">${t("pair_wanted_short")}</b> ` : nothing;
  }

  next(card) {
    if (card.pair === "wanted" && card.step_due_at) return this.step(card);
    if (card.acknowledged_until && !card.arrived_by) {
      return html`<p class="card-next">${t("promise")} <b data-due=${card.acknowledged_until}></b></p>`;
    }
    return card.step_due_at && waits(card) ? this.step(card) : nothing;
  }

  step(card) {
    const whom = card.next.map((id) => this.who(id)).join(t("and"));
    return html`<p class="card-next">${t("next_step")} <b data-due=${card.step_due_at} data-late="now"></b> ${whom ? `→ ${whom}` : nothing}</p>`;
  }

  button(entry) {
    const card = entry.cards[0];
    if (!this.dataset.mayAct || card.readonly || !waits(card)) return nothing;
    const label = entry.cards.length > 1 ? t("take_all", { n: entry.cards.length }) : t("take");
    return html`<button type="button" class="button take" ?disabled=${this.busy.has(entry.key)}
      @click=${() => this.takeEntry(entry)}>${label}</button>`;
  }

  /** Inside a drill anybody may say that this one is not. */
  real(entry) {
    const say = async () => {
      const said = await isReal(entry.cards[0].id);
      this.said = new Map(said ? [[entry.key, said]] : []);
    };
    return html`<button type="button" class="button real" title=${t("this_is_real_help")} @click=${say}>${t("this_is_real")}</button>`;
  }

  async takeEntry(entry) {
    if (this.busy.has(entry.key)) return;
    const ids = entry.cards.map((card) => card.id);
    this.busy = new Set([...this.busy, entry.key]);
    const said = entry.incident ? await takeIncident(entry.incident) : ids.length > 1 ? await takeAll(ids) : await take(ids[0]);
    this.busy = new Set([...this.busy].filter((key) => key !== entry.key));
    this.said = new Map(said ? [[entry.key, said]] : []);
  }

  /** Keyboard: choose the next or the previous one; take or open the chosen one, or the first that waits. */
  move(by) {
    const shown = entries();
    const at = shown.findIndex((entry) => entry.key === this.chosen);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!next) return;
    this.chosen = next.key;
    this.querySelector(`[data-alert="${next.cards[0].id}"]`)?.focus();
  }

  chosenEntry() {
    const shown = entries();
    return shown.find((entry) => entry.key === this.chosen) ?? shown.find((entry) => waits(entry.cards[0]));
  }

  takeChosen() {
    const now = performance.now();
    const again = now - this.pressed < ONE_PRESS;
    this.pressed = now;
    if (again) return;
    const entry = this.chosenEntry();
    if (entry && !entry.flood && this.dataset.mayAct && !entry.cards[0].readonly && waits(entry.cards[0])) this.takeEntry(entry);
  }

  openChosen() {
    const entry = this.chosenEntry();
    if (entry) location.assign(entry.incident ? `/incidents/${entry.incident.id}` : `/alerts/${entry.cards[0].id}`);
  }
}

customElements.define("alert-list", AlertList);
