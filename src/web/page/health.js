// How the board is: rates, times, room, outputs, learning, and the last lines of its log.

import { date, number, word } from "./words.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const LOG_EVERY_MS = 2000;
const KEPT = 100;
/** Less room than this share is little. */
const LITTLE = 0.05;

/** @type {[number, number, string][]} number, time, text */
let lines = [];

export function prepareHealth() {
  const panel = /** @type {HTMLDetailsElement} */ (byId("log-panel"));
  const look = async () => {
    if (panel.open && !document.hidden) {
      try { await lookAtLog(); } catch { /* the banner says so */ }
    }
    setTimeout(look, LOG_EVERY_MS);
  };
  panel.addEventListener("toggle", () => { if (panel.open) void lookAtLog().catch(() => {}); });
  void look();
}

async function lookAtLog() {
  const last = lines.length > 0 ? lines[lines.length - 1][0] : 0;
  const answer = await fetch(`log.json?after=${last}`);
  if (!answer.ok) return;
  const { lines: news } = await answer.json();
  if (news.length + lines.length === 0) byId("log").textContent = word("noLines");
  if (news.length === 0) return;
  // A program that was started again counts from one.
  const before = news[0][0] > last ? lines : [];
  lines = [...before.filter(([n]) => n < news[0][0]), ...news].slice(-KEPT);
  const log = byId("log");
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  log.textContent = lines.map(([, at, text]) => `${date(at)}  ${text}`).join("\n");
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

/** @param {any} state */
export function drawHealth(state) {
  const { free_bytes, disk_bytes } = state.more.events;
  const rows = [
    [word("rested"), String(state.rested)],
    [word("pace"), state.judge_every === 1 ? word("each") : word("onein", state.judge_every)],
  ];
  if (state.temperature_c !== null) rows.push([word("temperature"), `${state.temperature_c.toFixed(0)} °C`]);
  if (free_bytes !== null) {
    const little = free_bytes < disk_bytes * LITTLE ? ` · ${word("little")}` : "";
    rows.push([word("room"), word("free", size(free_bytes), size(disk_bytes)) + little]);
  }
  if (state.drift !== null) rows.push([word("drift"), inWords(state.drift)]);
  if (state.learning !== null) {
    const share = state.learning_share === null ? "" : ` · ${Math.floor(state.learning_share * 100)} %`;
    rows.push([word("learning"), word(`learning-${state.learning}`) + (state.learning === "watch" ? "" : share)]);
  }
  for (const [name, [median, most]] of state.stages) {
    rows.push([word(`stage-${name}`), word("time", median.toFixed(1), most.toFixed(1))]);
  }
  for (const output of state.more.outputs) rows.push([output.name, sent(output)]);
  return rows;
}

/** @param {any} drift */
const inWords = ({ drifted, median, median_usual }) =>
  `${word(drifted ? "drifted" : "usual")} (${number(median)}; ${median_usual.map(number).join("–")})`;

/** @param {number} bytes */
const size = (bytes) => bytes >= 1e9 ? `${number(bytes / 1e9)} GB` : `${number(bytes / 1e6)} MB`;

/** @param {any} output */
const sent = ({ sent: times, failed, dropped, last_sent_unix_ms }) => word("sent", times, failed + dropped)
  + (last_sent_unix_ms === null ? "" : ` (${date(last_sent_unix_ms)})`);
