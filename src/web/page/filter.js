// Which events are listed: by kind, by zone, and by a place on the picture.

import { word } from "./words.js";

/** @typedef {{kind: string, zone: string, place: [number, number] | null}} Wanted */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const kind = /** @type {HTMLSelectElement} */ (byId("kind"));
const zone = /** @type {HTMLSelectElement} */ (byId("zone-filter"));
const fields = ["place-x", "place-y"].map((id) => /** @type {HTMLInputElement} */ (byId(id)));
const picture = /** @type {HTMLCanvasElement} */ (byId("picture"));

const KINDS = ["", "anomaly", "changed", "tampered", "blind", "fault"];

/** So far beside the worst place is near it, as a share of the picture: fingers are thick. */
const NEAR = 0.04;

/** @type {string[]} */
let siteZones = [];

/** @param {any} event @param {Wanted} wanted */
export function isWanted(event, { kind: one, zone: name, place }) {
  if (one !== "" && event.kind !== one) return false;
  if (name !== "" && !event.zones.includes(name)) return false;
  if (place === null) return true;
  if (!event.place) return false;
  const { x, y, width, height } = event.place;
  const [px, py] = place;
  return px >= x - NEAR && px <= x + width + NEAR && py >= y - NEAR && py <= y + height + NEAR;
}

/** @returns {Wanted} */
export const wanted = () => ({ kind: kind.value, zone: zone.value, place: place() });

/** @param {() => void} changed */
export function prepareFilter(changed) {
  for (const choice of [kind, zone, ...fields]) choice.addEventListener("input", changed);
  for (const id of ["anywhere", "anywhere-too"]) {
    byId(id).addEventListener("click", () => { set(null); changed(); });
  }
  picture.addEventListener("click", ({ clientX, clientY }) => {
    const box = picture.getBoundingClientRect();
    set([(clientX - box.left) / box.width, (clientY - box.top) / box.height]);
    changed();
  });
}

/** Where the picture was tapped, as shares; null where nothing or half of it is said. @returns {[number, number] | null} */
function place() {
  const [x, y] = fields.map(({ value }) => value === "" ? NaN : Number(value) / 100);
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? [x, y] : null;
}

/** @param {[number, number] | null} point */
function set(point) {
  fields.forEach((field, index) => { field.value = point === null ? "" : String(Math.round(point[index] * 100)); });
}

/** @param {{name: string}[]} zones */
export function nameZones(zones) {
  siteZones = zones.map(({ name }) => name);
}

/** In the reader's language, with the zones that there are or were. @param {any[]} events */
export function nameFilter(events) {
  choices(kind, KINDS.map((name) => [word(name || "all"), name]));
  const zones = [...new Set([...siteZones, ...events.flatMap((event) => event.zones)])].sort();
  choices(zone, [[word("all"), ""], ...zones.map((name) => [name, name])]);
  byId("zone-choice").hidden = zones.length === 0;
}

/** @param {HTMLSelectElement} select @param {string[][]} options */
function choices(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([text, value]) => new Option(text, value)));
  select.value = options.some(([, value]) => value === chosen) ? chosen : "";
}

/** How many events were where the picture was tapped. @param {number} count */
export function noteCount(count) {
  const is = place() !== null;
  byId("here").hidden = !is;
  byId("here-link").textContent = is ? word(count === 1 ? "hereOne" : "here", count) : "";
}

/** On the picture. */
export function drawPlace() {
  const at = place();
  const pen = picture.getContext("2d");
  if (at === null || !pen) return;
  const [x, y] = [at[0] * picture.width, at[1] * picture.height];
  for (const [colour, width] of /** @type {[string, number][]} */ ([["rgb(0 0 0)", 4], ["rgb(255 255 255)", 2]])) {
    pen.strokeStyle = colour;
    pen.lineWidth = width * picture.width / 640;
    pen.beginPath();
    pen.arc(x, y, picture.width * NEAR, 0, 2 * Math.PI);
    pen.stroke();
  }
}
