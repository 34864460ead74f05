// How many alarms another budget would have raised, and putting it in force.

import { order } from "./orders.js";
import { clock, date, day, number, word } from "./words.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const slider = /** @type {HTMLInputElement} */ (byId("budget"));
const field = /** @type {HTMLInputElement} */ (byId("budget-number"));

const [LEAST, MOST] = [0.01, 100];
const DAY_MS = 86_400_000;
/** Alarms that a day's line names. */
const NAMED = 12;

/** @type {any} */
let site = null;
/** @type {any} what the last answer was */
let counted = null;
/** @type {number | null} */
let wanted = null;
let asking = false;
/** How long the last answer took, for tests. */
let tookMs = 0;

/** @param {number} place 0 to 400 */
const budgetAt = (place) => tidy(LEAST * (MOST / LEAST) ** (place / 400));
/** @param {number} budget */
const placeOf = (budget) => 400 * Math.log(budget / LEAST) / Math.log(MOST / LEAST);
/** Two digits that count. @param {number} budget */
const tidy = (budget) => Math.min(MOST, Math.max(LEAST, Number(budget.toPrecision(2))));

/** @param {() => void} changed the levels that are tried */
export function prepareTuning(changed) {
  slider.addEventListener("input", () => {
    const budget = budgetAt(Number(slider.value));
    field.value = String(budget);
    void count(budget, changed);
  });
  field.addEventListener("input", () => {
    const budget = Number(field.value);
    if (!(budget >= LEAST && budget <= MOST)) return;
    slider.value = String(placeOf(budget));
    void count(budget, changed);
  });
  byId("apply").addEventListener("click", () => change("budget"));
  byId("undo").addEventListener("click", () => change("undo"));
  byId("copy").addEventListener("click", () =>
    copy(`[budget]\nalarms_per_day = ${field.value}\n`, byId("copy")));
}

/** The levels that are tried, beside those in force. */
export const tried = () => counted === null || isInForce() ? null
  : { enter: counted.enter_level, exit: counted.exit_level };

const inForce = () => site.in_force?.alarms_per_day ?? site.alarms_per_day;
const isInForce = () => site === null || Number(field.value) === inForce();

/** @param {any} told @param {() => void} changed */
export function nameSite(told, changed) {
  const before = site === null ? null : inForce();
  site = told;
  if (before === null || Number(field.value) === before) show(inForce(), changed);
  const share = Math.max(0, Math.min(1, placeOf(site.lowest_supported) / 400));
  byId("track").style.setProperty("--unsupported", `${(share * 100).toFixed(1)}%`);
  byId("changing").hidden = site.in_force === null;
  drawCount();
}

/** @param {number} budget @param {() => void} changed */
function show(budget, changed) {
  field.value = String(budget);
  slider.value = String(placeOf(budget));
  void count(budget, changed);
}

/** Counts again, from time to time, for what is set. @param {() => void} changed */
export const countAgain = (changed) => field.value === "" ? Promise.resolve() : count(Number(field.value), changed);

/** Asks for one budget at a time, and for the last one that was wanted. @param {number} budget @param {() => void} changed */
async function count(budget, changed) {
  slider.setAttribute("aria-valuetext", `${budget} ${word("perDay")}`);
  wanted = budget;
  if (asking) return;
  asking = true;
  while (wanted !== null) {
    const [asked, begun] = [wanted, performance.now()];
    wanted = null;
    try {
      const answer = await fetch(`trace/count?budget=${asked}`);
      if (answer.ok) counted = await answer.json();
    } catch { /* the banner says so */ }
    tookMs = performance.now() - begun;
    drawCount();
    changed();
  }
  asking = false;
}

export function drawCount() {
  if (site === null || counted === null) return;
  const would = byId("would");
  would.dataset.ms = tookMs.toFixed(1);
  would.dataset.budget = String(counted.alarms_per_day);
  const [said, lines] = inWords();
  if (would.textContent !== said) would.textContent = said;
  byId("raised").replaceChildren(...lines.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  const notes = [];
  if (!counted.supported) notes.push(word("unsupported", number(counted.footage_h), number(counted.needed_h)));
  if (counted.other_calibrations) notes.push(word("otherCalibration"));
  byId("support").textContent = notes.join(" ");
  const since = site.in_force?.since_unix_ms ?? null;
  byId("in-force").textContent = since === null ? word(site.of_site ? "ofSite" : "ofCommand", inForce())
    : word("inForce", inForce(), date(since));
  /** @type {HTMLButtonElement} */ (byId("apply")).disabled = isInForce();
  /** @type {HTMLButtonElement} */ (byId("undo")).disabled = since === null;
}

/** One sentence, and a line for each day. @returns {[string, string[]]} */
function inWords() {
  const { raised, count, watched_ms, since_unix_ms } = counted;
  const watched = watched_ms > 2 * DAY_MS ? word("days", Math.round(watched_ms / DAY_MS))
    : watched_ms > 7_200_000 ? word("hours", Math.round(watched_ms / 3_600_000))
    : watched_ms > 120_000 ? word("minutes", Math.round(watched_ms / 60_000))
    : word("seconds", Math.round(watched_ms / 1000));
  if (since_unix_ms === null) {
    const times = raised.map((/** @type {any[]} */ [ms]) => footageTime(ms)).slice(0, NAMED).join(", ");
    return [word("wouldFootage", count, watched) + (times && `: ${times}`), []];
  }
  const recent = raised.filter((/** @type {any[]} */ [, unix]) => unix !== null && unix > Date.now() - DAY_MS).length;
  /** @type {Map<string, string[]>} */
  const days = new Map();
  for (const [, unix] of [...raised].reverse()) {
    const name = unix === null ? word("undated") : day(unix);
    const times = days.get(name) ?? [];
    days.set(name, times);
    times.push(unix === null ? "?" : times.length < NAMED ? clock(unix) : "");
  }
  const lines = [...days].slice(0, 8).map(([name, times]) => {
    const named = times.slice(0, NAMED).reverse().join(", ");
    return `${name}: ${times.length > NAMED ? `${times.length}, … ` : ""}${named}`;
  });
  return [`${word("wouldDay", recent)} ${word("wouldAll", count, watched)}`, lines];
}

/** @param {number} ms */
const footageTime = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

/** @param {"budget" | "undo"} what */
async function change(what) {
  const version = site.in_force.version;
  const body = what === "undo" ? { version } : { version, alarms_per_day: Number(field.value) };
  const { status, told, text } = await order(what, body);
  if (told !== null && told.version !== undefined) site = { ...site, in_force: told };
  byId("changed").textContent = status === 200 ? word(what === "undo" ? "undone" : "applied")
    : status === 409 ? word("conflict", inForce()) : text.trim();
  if (status === 200 && what === "undo") show(inForce(), () => {});
  drawCount();
}

/** Where nothing may be put into the clipboard, it can be copied by hand. @param {string} text @param {HTMLElement} button by which it then stands */
export async function copy(text, button) {
  const area = /** @type {HTMLTextAreaElement} */ (byId("toml"));
  area.value = text;
  button.parentElement?.after(area);
  area.hidden = false;
  area.rows = text.split("\n").length;
  area.focus();
  area.select();
  try {
    await navigator.clipboard.writeText(text);
  } catch { /* no secure address: it is selected */ }
}
