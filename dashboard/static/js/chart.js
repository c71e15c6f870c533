// A chart of one point over any span: low to high as a band, the mean as a line; words as a list.

import { uPlot } from "../vendor/uplot.js";
import { exact, span, t, word, zone } from "./words.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Fills `place` with the chart of `series` (see /api/v1/series). Returns false when nothing was recorded. */
export function draw(place, series) {
  place.replaceChildren();
  if (series.words) return listWords(place, series);
  if (series.points.length === 0) return false;
  const columns = [0, 1, 2, 3].map((index) => series.points.map((point) => (index ? point[index] : point[0] / 1000)));
  const [moments, low, mean, high] = columns;
  const plot = new uPlot(options(place, series), [moments, low, high, mean], place);
  place.plot = plot;
  return true;
}

function options(place, series) {
  const ink = colour("--ink");
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const value = (_, number) => (number === null ? "–" : `${Number(number.toPrecision(4))} ${series.unit}`);
  const font = getComputedStyle(document.body).fontFamily;
  return {
    width: place.clientWidth - 24,
    height: 260,
    tzDate: (moment) => uPlot.tzDate(new Date(moment * 1000), zone),
    scales: { x: { range: () => [series.start / 1000, series.end / 1000] } },
    series: [
      { value: (_, moment) => (moment === null ? "–" : exact(moment * 1000)), label: t("time") },
      { label: t("lowest"), stroke: "transparent", points: { show: false }, value },
      { label: t("highest"), stroke: "transparent", points: { show: false }, value },
      { label: t("mean"), stroke: ink, width: 1.5, points: { show: series.points.length < 40, fill: ink }, value },
    ],
    bands: [{ series: [2, 1], fill: colour("--window") }],
    axes: [
      { ...axis, font: `12px ${font}`, values: (_, splits) => splits.map((moment) => tick(moment, series)) },
      { ...axis, font: `12px ${font}`, size: 60 },
    ],
  };
}

function tick(moment, { start, end }) {
  const text = exact(moment * 1000);
  return end - start > 2 * 86400000 ? text.slice(5, 16) : text.slice(11, 16);
}

/** What was said and for how long it stood. The newest first: that is what one looks for. */
function listWords(place, series) {
  const rows = series.words.map(([moment, said], index) => {
    const next = series.words[index + 1]?.[0] ?? series.end;
    return [exact(moment), word(said), span(next - moment)];
  });
  if (rows.length === 0) return false;
  const table = document.createElement("table");
  table.className = "table";
  for (const row of rows.reverse()) {
    const line = table.insertRow();
    for (const text of row) line.insertCell().textContent = text;
    line.cells[0].className = "soft nowrap";
    line.cells[2].className = "soft";
  }
  const frame = document.createElement("div");
  frame.className = "chart-words";
  frame.append(table);
  place.append(frame);
  return true;
}
