// <alert-list>: the open alerts, in the order of the wall, with who was told and who answered.

import { LitElement, html, nothing, repeat } from "../vendor/lit.js";
import { take, takeAll } from "./act.js";
import { store, waits } from "./store.js";
import { tick } from "./times.js";
import { named, t } from "./words.js";

const TOGETHER = 4; // so many of one kind in one building are shown as one, except alarms
const SHOWN = 60;
const REACHED = ["sent", "accepted"];

class AlertList extends LitElement {
  static properties = { chosen: { state: true }, said: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.chosen = null;
    this.said = new Map(); // entry key → why an act was refused
    this.busy = new Set();
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

  /** Alerts, and groups of alerts of one kind below class alarm, in order. */
  entries() {
    const kinds = new Map();
    for (const card of store.ordered()) {
      const kind = [card.rule, card.class, card.acknowledgement, card.mode, store.path(card.place)[0]].join("|");
      const key = card.class === "alarm" || !card.rule ? `alert-${card.id}` : kind;
      kinds.set(key, [...(kinds.get(key) ?? []), card]);
    }
    const entries = [];
    for (const [key, cards] of kinds) {
      if (cards.length >= TOGETHER) entries.push({ key, cards });
      else for (const card of cards) entries.push({ key: `alert-${card.id}`, cards: [card] });
    }
    const position = new Map(store.ordered().map((card, index) => [card.id, index]));
    return entries.sort((a, b) => position.get(a.cards[0].id) - position.get(b.cards[0].id));
  }

  render() {
    const entries = this.entries();
    document.querySelector(".wall-columns")?.classList.toggle("wall-calm", entries.length === 0);
    if (entries.length === 0) return this.calm();
    const waiting = store.ordered().filter(waits).length;
    return html`
      <h2 class="alerts-head">
        ${t("open_alerts")} <b>${store.alerts.size}</b>
        <span class=${waiting ? "waiting" : "waiting soft"}>${waiting ? t("waiting", { n: waiting }) : t("all_taken")}</span>
      </h2>
      ${repeat(entries.slice(0, SHOWN), (entry) => entry.key, (entry) => this.entry(entry))}
      ${entries.length > SHOWN
        ? html`<p><a href="/alerts">${t("more_alerts", { n: entries.length - SHOWN })}</a></p>`
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
        ${card.inhibition === "none" ? nothing : html`<span class="drill-word">${t(`inhibition_${card.inhibition}`)}</span>`}
      </div>
      <div class="card-body">
        <h3 class="card-place"><a href=${many ? `/alerts` : `/alerts/${card.id}`}>${many ? this.building(card) : this.place(card)}</a></h3>
        <p class="card-what">
          ${named(card.title)} ${many ? nothing : html`<span class="soft">${named(card.device_name)}</span>`}
          ${many ? html`<b>${t("together", { n: entry.cards.length })}</b>` : nothing}
          ${card.occurrence > 1 && !many ? html`<b>${t("occurrence", { n: card.occurrence })}</b>` : nothing}
          ${card.activity === "active" || many ? nothing : html`<span class="soft">${t(`activity_${card.activity}`)}</span>`}
        </p>
        ${many ? this.rooms(entry.cards) : this.people(card)}
        ${many ? nothing : this.next(card)}
      </div>
      <div class="card-side">
        <span class="card-age"><time data-at=${card.active_at}></time></span>
        ${this.button(entry)}
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

  people(card) {
    const answered = card.arrived_by
      ? t("arrived_by", { who: this.who(card.arrived_by) })
      : card.acknowledged_by ? t("taken_by", { who: this.who(card.acknowledged_by) }) : "";
    const told = card.told.map((line) => {
      const state = t(`state_${line.state}`);
      return html`<span class="told told-${line.state}" title="${line.channel} · ${state}"
        >${line.person ? this.who(line.person) : line.channel}<i>${REACHED.includes(line.state) ? "✓" : state}</i></span>`;
    });
    return html`<p class="card-people">
      ${answered ? html`<b>${answered}</b> ` : nothing}${told.length ? [t("told"), " ", told] : t("told_nobody")}
    </p>`;
  }

  next(card) {
    if (card.acknowledged_until && !card.arrived_by) {
      return html`<p class="card-next">${t("promise")} <b data-due=${card.acknowledged_until}></b></p>`;
    }
    if (!card.step_due_at || !waits(card)) return nothing;
    const whom = card.next.map((id) => this.who(id)).join(t("and"));
    return html`<p class="card-next">${t("next_step")} <b data-due=${card.step_due_at} data-late="now"></b> ${whom ? `→ ${whom}` : nothing}</p>`;
  }

  button(entry) {
    const card = entry.cards[0];
    if (!this.dataset.mayAct || !waits(card)) return nothing;
    const label = entry.cards.length > 1 ? t("take_all", { n: entry.cards.length }) : t("take");
    return html`<button type="button" class="button take" ?disabled=${this.busy.has(entry.key)}
      @click=${() => this.takeEntry(entry)}>${label}</button>`;
  }

  async takeEntry(entry) {
    if (this.busy.has(entry.key)) return;
    const ids = entry.cards.map((card) => card.id);
    this.busy = new Set([...this.busy, entry.key]);
    const said = ids.length > 1 ? await takeAll(ids) : await take(ids[0]);
    this.busy = new Set([...this.busy].filter((key) => key !== entry.key));
    this.said = new Map(said ? [[entry.key, said]] : []);
  }

  /** Keyboard: choose the next or the previous one; take or open the chosen one, or the first that waits. */
  move(by) {
    const entries = this.entries();
    const at = entries.findIndex((entry) => entry.key === this.chosen);
    const next = entries[Math.min(entries.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!next) return;
    this.chosen = next.key;
    this.querySelector(`[data-alert="${next.cards[0].id}"]`)?.focus();
  }

  chosenEntry() {
    const entries = this.entries();
    return entries.find((entry) => entry.key === this.chosen) ?? entries.find((entry) => waits(entry.cards[0]));
  }

  takeChosen() {
    const entry = this.chosenEntry();
    if (entry && this.dataset.mayAct && waits(entry.cards[0])) this.takeEntry(entry);
  }

  openChosen() {
    const entry = this.chosenEntry();
    if (entry) location.assign(`/alerts/${entry.cards[0].id}`);
  }
}

customElements.define("alert-list", AlertList);
