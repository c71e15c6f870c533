// The form by which a person raises an alert: places appear while one types; a press sends it once.

import { named, t } from "./words.js";

const form = document.querySelector("[data-raise]");
const field = form.querySelector("[data-place-search]");
const places = form.querySelector("[data-places]");
const said = form.querySelector("[data-raise-said]");
let asked = 0;

function choice(place, only) {
  const label = document.createElement("label");
  label.className = "place-choice";
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "place", value: place.id, checked: only });
  label.append(input, named(place, place.id));
  return label;
}

function show(found) {
  const kept = form.elements.place?.value;
  const legend = places.querySelector("legend");
  const rows = found.map((place) => choice(place, found.length === 1 || place.id === kept));
  const none = Object.assign(document.createElement("p"), { className: "soft", textContent: t("raise_none") });
  places.replaceChildren(legend, ...(rows.length || !field.value.trim() ? rows : [none]));
}

async function search() {
  const turn = ++asked;
  try {
    const answer = await fetch(`/api/v1/places/search?q=${encodeURIComponent(field.value)}`);
    const found = (await answer.json()).places ?? [];
    if (turn === asked) show(found);
  } catch {
    said.textContent = t("could_not", { why: t("unreachable") });
  }
}

form.querySelector("[data-place-find]").hidden = true;
field.addEventListener("input", search);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});
form.addEventListener("submit", (event) => {
  const what = form.querySelector("[data-needed]");
  const missing = !form.querySelector("[name=place]:checked") ? [field, t("raise_choose_place")] : what.value.trim() ? null : [what, t("raise_what")];
  if (!missing) {
    requestAnimationFrame(() => { form.querySelector("[data-raise-now]").disabled = true; });
    return;
  }
  event.preventDefault();
  missing[0].focus();
  said.textContent = missing[1];
});
addEventListener("pageshow", () => { form.querySelector("[data-raise-now]").disabled = false; });
