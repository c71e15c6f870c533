// <campus-facades>: the server drew the buildings; this lights their windows as the states change.

import { store } from "./store.js";
import { t } from "./words.js";

class CampusFacades extends HTMLElement {
  connectedCallback() {
    store.addEventListener("change", () => this.light());
  }

  light() {
    const states = store.states();
    for (const window of this.querySelectorAll("[data-place]")) this.lightOne(window, states);
    for (const facade of this.querySelectorAll("[data-facade]")) {
      const state = states.get(facade.dataset.facade) ?? "normal";
      facade.className = `facade facade-${state}`;
      this.say(facade.querySelector("[data-state-of]"), state);
    }
  }

  lightOne(window, states) {
    const state = states.get(window.dataset.place) ?? "normal";
    const wanted = `window window-${state}`;
    if (window.className === wanted) return;
    window.className = wanted;
    const label = `${window.dataset.name} · ${t(`class_${state}`)}`;
    window.title = label;
    window.setAttribute("aria-label", label);
  }

  say(element, state) {
    if (element.dataset.said === state) return;
    element.dataset.said = state;
    const mark = document.createElement("span");
    mark.className = `mark mark-${state}`;
    mark.setAttribute("aria-hidden", "true");
    const said = document.createElement("span");
    said.className = "mark-word";
    said.textContent = t(`class_${state}`);
    element.replaceChildren(mark, said);
  }
}

customElements.define("campus-facades", CampusFacades);
