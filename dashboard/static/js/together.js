// How incidents, floods and suggestions look on the wall, and the choosing of alerts that become one incident.

import { html, nothing } from "../vendor/lit.js";
import { act } from "./act.js";
import { store, waits } from "./store.js";
import { named, t } from "./words.js";

const LISTED = 12; // alerts shown of an incident
const SUGGESTED = 3; // suggestions shown at once

const worst = (cards) => store.ordered().find((card) => cards.some((one) => one.id === card.id)) ?? cards[0];
const path = (card) => store.path(card.place).map((part) => named(store.places[part], part)).join(" ") || card.place;

function line(card) {
  const state = waits(card) ? t("acknowledgement_no") : card.acknowledged_by ? named(store.persons[card.acknowledged_by], card.acknowledged_by) : "";
  return html`<li class="together-line"><span class="mark mark-${card.class}" aria-hidden="true"></span>
    <a href="/alerts/${card.id}">${path(card)}</a> <span>${named(card.title)}</span>
    <span class="soft"><time data-at=${card.active_at}></time>${state ? ` · ${state}` : nothing}</span></li>`;
}

function commander(incident) {
  if (incident.command === "post") return html`<b class="wanted">${t("command_take")}</b>`;
  const waiting = incident.command === "offered" ? ` → ${named(store.persons[incident.offered_to], incident.offered_to)}` : "";
  return html`<b>${named(store.persons[incident.commander], incident.commander)}</b>${waiting}`;
}

export function incidentEntry(entry, mayAct, said, press) {
  const { incident, cards } = entry;
  const first = worst(cards);
  const waiting = incident.alerts.some((id) => store.alerts.has(id) && waits(store.alerts.get(id)));
  return html`<article class="card card-${first.class} card-taken card-together" data-incident=${incident.id} data-alert=${first.id} tabindex="-1">
    <div class="card-class"><span class="mark mark-${first.class}" aria-hidden="true"></span><span class="mark-word">${t("incident")}</span></div>
    <div class="card-body">
      <h3 class="card-place"><a href="/incidents/${incident.id}"><span class="strong">${t("incident_n", { n: incident.id })}</span> ${path(cards[0])}</a></h3>
      <p class="card-people">${t("commander")} ${commander(incident)}</p>
      <ul class="together">${cards.slice(0, LISTED).map(line)}</ul>
    </div>
    <div class="card-side"><span class="card-age"><time data-at=${incident.opened_at}></time></span>
      ${mayAct && waiting ? html`<button type="button" class="button take" @click=${press}>${t("take_together")}</button>` : nothing}</div>
    ${said ? html`<p class="card-said" role="alert">${said}</p>` : nothing}
  </article>`;
}

export const takeIncident = (incident) => act(`/api/v1/incidents/${incident.id}/together`, { what: "acknowledge" });

/** A building in a flood: the first cause, then the rest, folded. */
export function floodEntry({ cards, flood }) {
  const first = worst(cards);
  const counts = Object.entries(flood.classes).map(([name, n]) => html`<span class="flood-count"><span class="mark mark-${name}" aria-hidden="true"></span>${t(`class_${name}`)} ${n}</span>`);
  return html`<article class="card card-${first.class} card-taken card-together card-flood" data-flood=${flood.place} data-alert=${cards[0].id} tabindex="-1">
    <div class="card-class"><span class="mark mark-${first.class}" aria-hidden="true"></span><span class="mark-word">${t("flood_group", { n: cards.length })}</span></div>
    <div class="card-body">
      <h3 class="card-place"><span class="strong">${named(store.places[flood.place], flood.place)}</span></h3>
      <p class="card-what">${t("flood_first")} <a href="/alerts/${cards[0].id}">${path(cards[0])}</a> ${named(cards[0].title)}</p>
      <details><summary>${counts}</summary><ul class="together">${cards.map(line)}</ul></details>
    </div>
    <div class="card-side"><span class="card-age"><time data-at=${cards[0].active_at}></time></span></div>
  </article>`;
}

export function floodBanner() {
  if (!store.flood) return nothing;
  const n = Math.max(...Object.values(store.flood.posts));
  return html`<p class="flood-says" role="status">${t("flood_says", { n })}</p>`;
}

/** Choosing alerts; `list` is the <alert-list>, which draws again when `chosen` changes. */
export class Merging {
  on = false;
  said = "";
  chosen = new Set();

  constructor(list) {
    this.list = list;
  }

  set(on) {
    [this.on, this.said, this.chosen] = [on, "", new Set()];
    this.list.requestUpdate();
  }

  toggle(id) {
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.list.requestUpdate();
  }

  async send(ids, incident = 0) {
    this.said = await act(incident ? `/api/v1/incidents/${incident}/put-in` : "/api/v1/incidents", { alerts: ids });
    if (!this.said) this.set(false);
    this.list.requestUpdate();
  }

  button() {
    if (!this.list.dataset.mayAct || store.alerts.size < 2) return nothing;
    return html`<button type="button" class="button quiet" data-merge @click=${() => this.set(!this.on)}>${t(this.on ? "merge_stop" : "merge")}</button>`;
  }

  bar() {
    const said = this.said ? html`<p class="card-said" role="alert">${this.said}</p>` : nothing;
    if (!this.on) return html`${said}${this.suggestions()}`;
    const ids = [...this.chosen].filter((id) => store.alerts.has(id));
    return html`<div class="merge-bar"><span>${t("merge_help")}</span>
      <button type="button" class="button strong" data-merge-new ?disabled=${ids.length < 2} @click=${() => this.send(ids)}>${t("merge_new", { n: ids.length })}</button>
      ${store.incidents.map((one) => html`<button type="button" class="button" ?disabled=${!ids.length} @click=${() => this.send(ids, one.id)}>${t("merge_into", { n: one.id })}</button>`)}
      ${said}</div>`;
  }

  /** What may be of one event. Only a person joins it. */
  suggestions() {
    if (!this.list.dataset.mayAct) return nothing;
    const real = store.suggested
      .map(({ alerts, incident }) => ({ incident, alerts: alerts.filter((id) => store.alerts.has(id) && !store.alerts.get(id).incident) }))
      .filter(({ alerts, incident }) => alerts.length > (incident ? 0 : 1));
    return real.slice(0, SUGGESTED).map(({ alerts, incident }) => html`<div class="merge-bar suggestion">
      <span>${incident ? t("suggested_into", { id: incident, n: alerts.length }) : t("suggested", { n: alerts.length })}
        <span class="soft">${alerts.slice(0, 3).map((id) => path(store.alerts.get(id))).join("；")}${alerts.length > 3 ? "…" : ""}</span></span>
      <button type="button" class="button" data-suggested @click=${() => this.send(alerts, incident)}>${incident ? t("merge_into", { n: incident }) : t("merge_new", { n: alerts.length })}</button></div>`);
  }

  check(card) {
    if (!this.on || card.incident) return nothing;
    return html`<label class="merge-check"><input type="checkbox" .checked=${this.chosen.has(card.id)} @change=${() => this.toggle(card.id)}>${t("merge_choose")}</label>`;
  }
}
