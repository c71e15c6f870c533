// <wall-banners>: what a guard must know before he believes the rest of the screen. Worst first.

import { LitElement, html, nothing } from "../vendor/lit.js";
import { link } from "./link.js";
import { sound } from "./sound.js";
import { store, waits } from "./store.js";
import { tick } from "./times.js";
import { ago, named, t } from "./words.js";

const onWall = document.body.classList.contains("wall");

class WallBanners extends LitElement {
  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    for (const old of document.querySelectorAll("[data-first-paint]")) old.remove();
    for (const source of [store, link, sound]) source.addEventListener("change", () => this.requestUpdate());
    link.addEventListener("age", () => this.isStale && this.requestUpdate());
  }

  get isStale() {
    return link.state === "stale" || link.state === "dead";
  }

  updated() {
    tick(this);
  }

  render() {
    return html`
      ${store.unrecorded.length ? this.unrecorded() : nothing}
      ${this.isStale ? this.stale() : nothing}
      ${store.rung === "gateways" ? nothing : this.rung()}
      ${sound.on || !(onWall || sound.armed) ? nothing : this.soundOff()}
      ${onWall ? nothing : this.waiting()}
      ${store.unreadable ? html`<p class="banner banner-trouble" role="alert">${t("unreadable")}</p>` : nothing}
      ${store.refused ? this.refused() : nothing}
      ${this.drills()}
      ${store.outdated ? this.outdated() : nothing}
    `;
  }

  unrecorded() {
    return html`<div class="banner banner-alarm" role="alert" data-banner="unrecorded">
      <b>${t("unrecorded_banner")}</b> <span>${t("unrecorded_help")}</span>
      <ul class="banner-list">
        ${store.unrecorded.map((lost) => html`<li>
          <b>${store.path(lost.place).map((part) => named(store.places[part], part)).join(" ") || lost.device}</b>
          ${named(lost)} · <time data-at=${lost.moment}></time> ${lost.active ? nothing : t("activity_normal")}
          <small>${t("code")} ${lost.code} · ${t("told_many", { n: lost.told })} · ${t("unrecorded")}</small>
        </li>`)}
      </ul>
    </div>`;
  }

  stale() {
    const when = ago(0, link.age);
    return html`<div class="banner banner-alarm" role="alert" data-banner="stale">
      <b>${t("stale")}</b> <span>${t("stale_help", { t: when })}</span>
      ${link.signedOut ? html`<a class="button" href="/login">${t("signed_out")}</a>` : nothing}
    </div>`;
  }

  /** Whom gateways no longer reach, somebody else must: so it says what is left. */
  rung() {
    const worst = store.rung === "screen";
    return html`<div class="banner ${worst ? "banner-alarm" : "banner-trouble"}" role="alert" data-banner="rung">
      <b>${t(`rung_${store.rung}`)}</b> <span>${t(`rung_${store.rung}_help`)}</span>
    </div>`;
  }

  soundOff() {
    return html`<div class="banner banner-alarm" data-banner="sound-off">
      <b>${t("sound_off")}</b> <span>${t("sound_off_help")}</span>
      <button type="button" class="button" data-start-shift @click=${() => sound.arm()}>${t("start_shift")}</button>
    </div>`;
  }

  /** Those that run, with the minutes left; those that wait for the second person; and what an alert says. */
  drills() {
    const where = (drill) => drill.places.map((place) => store.path(place).map((part) => named(store.places[part], part)).join(" "));
    const running = store.drills.filter((drill) => drill.state === "running");
    const waiting = store.drills.filter((drill) => drill.state === "waiting");
    const card = [...store.alerts.values()].some((one) => one.mode !== "real");
    return html`
      ${running.map((drill) => html`<p class="banner banner-drill" role="status" data-drill=${drill.id}>
        <b>${t(`banner_${drill.mode}`)}</b> <a href="/drills/${drill.id}">${where(drill).join(t("and"))} · ${drill.title}</a>
        ${t("drill_left")} <b data-due=${drill.ends_at}></b></p>`)}
      ${card && running.length === 0 ? html`<p class="banner banner-drill" role="status">${t("drill_banner")}</p>` : nothing}
      ${waiting.map((drill) => html`<p class="banner banner-plain" data-drill=${drill.id}>${t("drill_waits_for_you")}:
        <a href="/drills">${drill.title}</a></p>`)}
    `;
  }

  refused() {
    const mistakes = store.refused.split("\n");
    return html`<div class="banner banner-trouble" role="status" data-banner="refused">
      <b>${t("refused_rules")}</b> <a href="/rules">${t("mistakes_count", { n: mistakes.length })}</a>
      <ul class="banner-list banner-mistakes">${mistakes.map((one) => html`<li>${one}</li>`)}</ul>
    </div>`;
  }

  /** On every other page: an alarm that nobody took leads back to the wall. */
  waiting() {
    const alarms = store.ordered().filter((card) => card.class === "alarm" && waits(card));
    if (alarms.length === 0) return nothing;
    const first = alarms.find((card) => card.mode === "real") ?? alarms[0];
    const where = store.path(first.place).map((part) => named(store.places[part], part)).join(" ");
    const drill = first.mode !== "real";
    return html`<p class=${drill ? "banner banner-drill" : "banner banner-alarm"} role="alert" data-banner="waiting">
      <b>${t("class_alarm")}${drill ? ` · ${t(`mode_${first.mode}`)}` : nothing}</b> <a href="/alerts/${first.id}">${where || first.place}</a>
      <span>${t("waiting", { n: alarms.length })}</span> <a class="button" href="/">${t("to_the_wall")}</a></p>`;
  }

  outdated() {
    return html`<p class="banner banner-plain">${t("new_version")}
      <button type="button" class="button" @click=${() => location.reload()}>${t("reload")}</button></p>`;
  }
}

customElements.define("wall-banners", WallBanners);
