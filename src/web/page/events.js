// The events: a list, and one of them with its pictures and reasons.

import { drawScores } from "./chart.js";
import { isWanted, nameFilter, noteCount, prepareFilter, wanted } from "./filter.js";
import { order } from "./orders.js";
import { word } from "./words.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {any[] | null} newest first; null where none are kept */
let events = [];
let shownIds = "";
/** The event that is looked at: its place in the list changes while others come. */
let openId = "";

/** A disk that works has answered by then. */
const DISK_LATE_MS = 10_000;

/** So far has a finger moved that swipes, in pixels. */
const SWIPE_PX = 50;

/** @param {() => void} changed what is marked on the picture */
export function prepareEvents(changed) {
  prepareFilter(() => { list(true); changed(); });
  const dialog = /** @type {HTMLDialogElement} */ (byId("event"));
  byId("close").addEventListener("click", () => dialog.close());
  byId("older").addEventListener("click", () => step(1));
  byId("newer").addEventListener("click", () => step(-1));
  byId("was-odd").addEventListener("click", () => review(false));
  byId("was-normal").addEventListener("click", () => review(true));
  dialog.addEventListener("keydown", (press) => {
    if (press.key === "ArrowRight") step(1);
    if (press.key === "ArrowLeft") step(-1);
  });
  swipes(dialog, step);
}

/** @param {HTMLElement} over @param {(by: number) => void} go */
function swipes(over, go) {
  /** @type {[number, number] | null} */
  let from = null;
  over.addEventListener("pointerdown", (down) => {
    from = down.pointerType === "touch" && down.isPrimary ? [down.clientX, down.clientY] : null;
  });
  over.addEventListener("pointercancel", () => { from = null; });
  over.addEventListener("pointerup", (up) => {
    if (from === null) return;
    const [x, y] = [up.clientX - from[0], up.clientY - from[1]];
    from = null;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) go(x < 0 ? 1 : -1);
  });
}

/** Lists them again, in the reader's language. */
export function listEvents() {
  list(true);
}

/** @param {boolean} may */
export function allowReview(may) {
  byId("review").hidden = !may;
}

/** @param {boolean} normal */
async function review(normal) {
  const id = openId;
  const { status, text } = await order("review", { id, normal });
  if (id !== openId) return;
  byId("reviewed").textContent = status === 200 ? word(normal ? "normal" : "reviewed") : text.trim();
}

/** For how long the disk has not told what is there. @param {number} ms */
export function noteDisk(ms) {
  const late = ms > DISK_LATE_MS ? word("diskLate", Math.round(ms / 1000)) : "";
  const note = byId("disk");
  if (note.textContent !== late) note.textContent = late;
}

export const allEvents = () => events ?? [];

/** @param {string} tag by which the list is known */
export async function lookForEvents(tag) {
  const answer = await fetch(`events.json?tag=${tag}`);
  if (answer.status === 200) {
    events = await answer.json();
    list(false);
  }
}

function chosen() {
  const which = wanted();
  return allEvents().filter((event) => isWanted(event, which));
}

/** Round a place on a picture. @param {{x: number, y: number, width: number, height: number}} place */
function frame({ x, y, width, height }) {
  const mark = document.createElement("span");
  const shares = { left: x, top: y, width, height };
  for (const [side, share] of Object.entries(shares)) mark.style.setProperty(side, `${share * 100}%`);
  return mark;
}

/** @param {boolean} anew */
function list(anew) {
  nameFilter(allEvents());
  const some = chosen();
  const ids = some.map((event) => event.id + event.duration_ms + event.reviewed).join();
  if (!anew && ids === shownIds) return;
  shownIds = ids;
  byId("count").textContent = events === null ? word("off") : some.length === 0 ? word("none")
    : some.length === 1 ? word("shownOne") : word("shown", some.length);
  noteCount(some.length);
  byId("list").replaceChildren(...some.map(row));
}

/** @param {any} event */
function row(event) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = event.reviewed ? "reviewed" : "";
  button.addEventListener("click", () => show(event));
  const best = event.pictures.find((/** @type {any} */ p) => p.moment === "peak") ?? event.pictures[0];
  const image = new Image();
  image.alt = "";
  image.loading = "lazy";
  if (best) image.src = `events/${event.id}/${best.file}`;
  const text = document.createElement("span");
  text.append(line("what", `${word(event.kind)} · ${lasted(event)}${mark(event)}`), line("", event.when), line("faint", event.reason));
  button.append(image, text);
  item.append(button);
  return item;
}

/** @param {any} event */
const mark = (event) => event.normal ? ` · ${word("normal")}` : event.reviewed ? ` · ${word("reviewed")}` : "";

/** @param {any} event */
const lasted = (event) => event.duration_ms === null ? word("goesOn") : `${(event.duration_ms / 1000).toFixed(1)} s`;

/** @param {string} className @param {string} text */
function line(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  const block = document.createElement("div");
  block.append(element);
  return block;
}

/** To an older one by 1, to a newer one by -1. @param {number} by */
function step(by) {
  const some = chosen();
  const next = some[some.findIndex(({ id }) => id === openId) + by];
  if (next !== undefined) void show(next);
}

/** @param {any} listed */
async function show(listed) {
  const id = listed.id;
  openId = id;
  byId("reviewed").textContent = "";
  const answer = await fetch(`events/${id}`);
  if (!answer.ok || id !== openId) return;
  const { event, explained } = await answer.json();
  byId("event-title").textContent = `${word(event.kind)} · ${listed.when}`;
  /** @type {HTMLAnchorElement} */ (byId("download")).href = `events/${id}/event.tar`;
  byId("pictures").replaceChildren(...event.pictures.map((/** @type {any} */ picture) => {
    const figure = document.createElement("figure");
    const image = new Image();
    image.src = `events/${id}/${picture.file}`;
    image.alt = word(picture.moment);
    const caption = document.createElement("figcaption");
    const seconds = (picture.time_ms - event.begin.time_ms) / 1000;
    caption.textContent = `${word(picture.moment)} (${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(1)} s)`;
    const shown = document.createElement("div");
    shown.append(image);
    if (picture.moment === "peak" && event.peak?.place) shown.append(frame(event.peak.place));
    figure.append(shown, caption);
    return figure;
  }));
  const trace = /** @type {HTMLCanvasElement} */ (byId("trace"));
  trace.hidden = event.trace.length === 0;
  trace.setAttribute("aria-label", word("traceOf"));
  const points = event.trace.map((/** @type {any} */ point) => [point.time_ms, point.score]);
  drawScores(trace, points, { enter: event.in_force.enter_level, exit: event.in_force.exit_level });
  byId("explained").replaceChildren(...explained.map((/** @type {string} */ text) => {
    const paragraph = document.createElement("p");
    // The title says when it was.
    const [when, begin] = [`, ${listed.when}: `, text.indexOf(`, ${listed.when}: `)];
    paragraph.textContent = begin < 0 ? text : text.slice(begin + when.length);
    return paragraph;
  }));
  const some = chosen();
  const index = some.findIndex((one) => one.id === id);
  /** @type {HTMLButtonElement} */ (byId("older")).disabled = index + 1 >= some.length;
  /** @type {HTMLButtonElement} */ (byId("newer")).disabled = index <= 0;
  const dialog = /** @type {HTMLDialogElement} */ (byId("event"));
  if (!dialog.open) dialog.showModal();
}
