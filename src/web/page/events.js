// The events: a list, and one of them with its pictures and reasons.

import { drawScores } from "./chart.js";
import { order } from "./orders.js";
import { word } from "./words.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {any[] | null} newest first; null where none are kept */
let events = [];
let shownIds = "";
let open = -1;

/** A disk that works has answered by then. */
const DISK_LATE_MS = 10_000;

const KINDS = ["", "anomaly", "changed", "tampered", "blind", "fault"];

export function prepareEvents() {
  const kind = /** @type {HTMLSelectElement} */ (byId("kind"));
  kind.addEventListener("change", () => list(true));
  const dialog = /** @type {HTMLDialogElement} */ (byId("event"));
  byId("close").addEventListener("click", () => dialog.close());
  byId("older").addEventListener("click", () => show(open + 1));
  byId("newer").addEventListener("click", () => show(open - 1));
  byId("was-odd").addEventListener("click", () => review(false));
  byId("was-normal").addEventListener("click", () => review(true));
  dialog.addEventListener("keydown", (press) => {
    if (press.key === "ArrowRight") show(open + 1);
    if (press.key === "ArrowLeft") show(open - 1);
  });
}

export function nameKinds() {
  const kind = /** @type {HTMLSelectElement} */ (byId("kind"));
  const chosen = kind.value;
  kind.replaceChildren(...KINDS.map((name) => new Option(word(name || "all"), name)));
  kind.value = chosen;
  list(true);
}

/** @param {boolean} may */
export function allowReview(may) {
  byId("review").hidden = !may;
}

/** @param {boolean} normal */
async function review(normal) {
  const { id } = chosen()[open];
  const { status, text } = await order("review", { id, normal });
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
  const kind = /** @type {HTMLSelectElement} */ (byId("kind")).value;
  return (events ?? []).filter((event) => kind === "" || event.kind === kind);
}

/** @param {boolean} anew */
function list(anew) {
  const some = chosen();
  const ids = some.map((event) => event.id + event.duration_ms + event.reviewed).join();
  if (!anew && ids === shownIds) return;
  shownIds = ids;
  byId("count").textContent = events === null ? word("off") : some.length === 0 ? word("none")
    : some.length === 1 ? word("shownOne") : word("shown", some.length);
  byId("list").replaceChildren(...some.map(row));
}

/** @param {any} event @param {number} index */
function row(event, index) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = event.reviewed ? "reviewed" : "";
  button.addEventListener("click", () => show(index));
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

/** @param {number} index */
async function show(index) {
  const some = chosen();
  if (index < 0 || index >= some.length) return;
  open = index;
  byId("reviewed").textContent = "";
  const id = some[index].id;
  const answer = await fetch(`events/${id}`);
  if (!answer.ok) return;
  const { event, explained } = await answer.json();
  byId("event-title").textContent = `${word(event.kind)} · ${some[index].when}`;
  byId("pictures").replaceChildren(...event.pictures.map((/** @type {any} */ picture) => {
    const figure = document.createElement("figure");
    const image = new Image();
    image.src = `events/${id}/${picture.file}`;
    image.alt = word(picture.moment);
    const caption = document.createElement("figcaption");
    const seconds = (picture.time_ms - event.begin.time_ms) / 1000;
    caption.textContent = `${word(picture.moment)} (${seconds >= 0 ? "+" : ""}${seconds.toFixed(1)} s)`;
    figure.append(image, caption);
    return figure;
  }));
  const trace = /** @type {HTMLCanvasElement} */ (byId("trace"));
  trace.hidden = event.trace.length === 0;
  trace.setAttribute("aria-label", word("traceOf"));
  const points = event.trace.map((/** @type {any} */ point) => [point.time_ms, point.score]);
  drawScores(trace, points, { enter: event.in_force.enter_level, exit: event.in_force.exit_level });
  byId("explained").replaceChildren(...explained.map((/** @type {string} */ text) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = text;
    return paragraph;
  }));
  /** @type {HTMLButtonElement} */ (byId("older")).disabled = index + 1 >= some.length;
  /** @type {HTMLButtonElement} */ (byId("newer")).disabled = index === 0;
  const dialog = /** @type {HTMLDialogElement} */ (byId("event"));
  if (!dialog.open) dialog.showModal();
}
