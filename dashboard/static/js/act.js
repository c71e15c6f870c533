// What a person does: one POST, the answer's words when it is refused.

import { store } from "./store.js";
import { t } from "./words.js";

/** The changed alerts go into the store. Returns "" or the sentence that says why not. */
export async function act(path, body = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return t("could_not", { why: t("unreachable") });
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) return t("could_not", { why: said.detail ?? answer.status });
  if (said.alerts) store.take(said.alerts);
  return Object.values(said.problems ?? {}).join(" ");
}

export const isReal = (id) => act(`/api/v1/alerts/${id}/real`);
export const take = (id) => act(`/api/v1/alerts/${id}/acknowledge`);
export const takeAll = (ids) => act("/api/v1/acknowledge", { alerts: ids });
