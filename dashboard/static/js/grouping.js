// What is shown as one on the wall: incidents, a flood by building, many alerts of one kind. Nothing else changes.

import { store, waits } from "./store.js";

const TOGETHER = 4; // so many of one kind in one building are shown as one, except alarms

/** Life safety that nobody has taken is never inside anything: it stands by itself, also in an incident. */
const alone = (card) => card.life_safety && waits(card);

function kindOf(card) {
  return [card.rule, card.class, card.acknowledgement, card.mode, card.inhibition, store.path(card.place)[0]].join("|");
}

/** Entries in the order of the wall: { key, cards, incident?, flood? }. */
export function entries() {
  const ordered = store.ordered();
  const position = new Map(ordered.map((card, index) => [card.id, index]));
  const rest = new Map(ordered.map((card) => [card.id, card]));
  const take = (ids) => ids.map((id) => rest.get(id)).filter((card) => card && !alone(card));
  const found = [];
  for (const incident of store.incidents) {
    const cards = take(incident.alerts);
    for (const card of cards) rest.delete(card.id);
    if (cards.length) found.push({ key: `incident-${incident.id}`, cards, incident });
  }
  const floods = [];
  for (const group of store.flood?.groups ?? []) {
    const cards = take(group.alerts);
    if (cards.length < 2) continue;
    for (const card of cards) rest.delete(card.id);
    floods.push({ key: `flood-${group.place}`, cards, flood: group });
  }
  found.push(...ofOneKind([...rest.values()]));
  const at = (entry) => Math.min(...entry.cards.map((card) => position.get(card.id)));
  const single = (entry) => (entry.cards.length === 1 && alone(entry.cards[0]) ? 0 : 1);
  return [...found.sort((a, b) => single(a) - single(b) || at(a) - at(b)), ...floods];
}

function ofOneKind(cards) {
  const kinds = new Map();
  for (const card of cards) {
    const key = card.class === "alarm" || !card.rule ? `alert-${card.id}` : kindOf(card);
    kinds.set(key, [...(kinds.get(key) ?? []), card]);
  }
  return [...kinds].flatMap(([key, here]) =>
    here.length >= TOGETHER ? [{ key, cards: here }] : here.map((card) => ({ key: `alert-${card.id}`, cards: [card] })),
  );
}
