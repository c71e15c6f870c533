// Words in the reader's language. The catalogue arrives with the page.

const reader = JSON.parse(document.getElementById("reader").textContent);

export const language = reader.language;
export const zone = reader.zone;
export const signedIn = reader.signed_in;
export const pageNow = reader.now;

/** The sentence `key`, with {names} filled in. A missing key is shown as itself. */
export function t(key, values = {}) {
  const text = reader.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The name of a thing that has one in both languages. */
export function named(thing, otherwise = "") {
  if (!thing) return otherwise;
  return thing[language] || thing.zh || thing.en || otherwise;
}

/** A word that a point reported; an unknown one is shown as the device said it. */
export function word(value) {
  return reader.words[`word_${value}`] ?? String(value);
}

const SPANS = [[86400, "days"], [3600, "hours"], [60, "minutes"], [1, "seconds"]];

export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [size, unit] of SPANS) if (seconds >= size) return t(unit, { n: Math.floor(seconds / size) });
  return t("seconds", { n: 0 });
}

export function ago(moment, now) {
  const seconds = Math.max(0, Math.floor((now - moment) / 1000));
  if (seconds < 5) return t("just_now");
  const [size, unit] = SPANS.find(([least]) => seconds >= least);
  return t(`${unit}_ago`, { n: Math.floor(seconds / size) });
}

/** A countdown: 4:05, or 1:02:05. */
export function countdown(milliseconds) {
  const all = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const EXACT = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "medium" });

export const exact = (moment) => EXACT.format(moment);
export const clock = (moment) => CLOCK.format(moment);
