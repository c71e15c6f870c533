// Who is on duty now and who comes next: the server drew it, this keeps it true.

import { language, named, t, zone } from "./words.js";

export function showDuty(element, { duty, persons }) {
  if (!element || !duty.length) return;
  const names = (ids) => ids.map((id) => named(persons[id], id)).join(language === "zh" ? "、" : ", ");
  const lines = duty.map((post) => {
    const line = document.createElement("a");
    line.href = `/posts/${encodeURIComponent(post.post)}`;
    line.className = post.who.length ? "duty" : "duty duty-gap";
    const who = document.createElement("b");
    who.textContent = post.who.length ? names(post.who) : t("duty_nobody");
    const then = post.until ? ` · ${t("duty_then", { at: clock(post.until), who: names(post.then) || t("duty_nobody") })}` : "";
    line.append(`${named(post, post.post)} `, who, then);
    return line;
  });
  if (element.textContent !== lines.map((line) => line.textContent).join("")) element.replaceChildren(...lines);
}

const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

function clock(moment) {
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const day = format.formatToParts(Date.now()).find(({ type }) => type === "day").value;
  const at = `${parts.hour}:${parts.minute}`;
  return parts.day === day ? at : `${parts.month}-${parts.day} ${at}`;
}
