// Areas drawn on the picture: masks and zones, as text for the site file.

import { copy } from "./tuning.js";
import { word } from "./words.js";

/** @typedef {{kind: "ignore" | "include" | "zone", name: string, points: number[][], more?: string}} Area */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const canvas = /** @type {HTMLCanvasElement} */ (byId("areas"));
const panel = /** @type {HTMLDetailsElement} */ (byId("areas-panel"));
const kind = /** @type {HTMLSelectElement} */ (byId("area-kind"));
const name = /** @type {HTMLInputElement} */ (byId("zone-name"));

/** So near to a corner or an edge is on it, in screen pixels. */
const NEAR_PX = 12;
const KINDS = ["ignore", "include", "zone"];

/** @type {Area[]} */
let areas = [];
let chosen = -1;
let dragged = -1;
/** @type {string[]} */
let former = [];
/** @type {() => any[]} */
let events = () => [];

/** @param {() => any[]} listEvents */
export function prepareAreas(listEvents) {
  events = listEvents;
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", (move) => {
    if (dragged < 0 || chosen < 0) return;
    areas[chosen].points[dragged] = pointOf(move, dragged);
    drawAreas();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => { dragged = -1; list(); });
  }
  panel.addEventListener("toggle", () => { canvas.hidden = !panel.open; list(); });
  byId("new-area").addEventListener("click", () => { remember(); begin(); list(); });
  byId("remove-area").addEventListener("click", () => {
    if (chosen < 0) return;
    remember();
    areas.splice(chosen, 1);
    chosen = areas.length - 1;
    list();
  });
  byId("undo-area").addEventListener("click", () => {
    const before = former.pop();
    if (before === undefined) return;
    areas = JSON.parse(before);
    chosen = Math.min(chosen, areas.length - 1);
    list();
  });
  byId("add-corner").addEventListener("click", () => {
    remember();
    if (chosen < 0) begin();
    areas[chosen].points.push([0.5, 0.5]);
    list();
  });
  byId("copy-areas").addEventListener("click", () => copy(asToml(areas), byId("copy-areas")));
  kind.addEventListener("change", () => { changeKind(); list(); });
  name.addEventListener("input", () => {
    if (chosen >= 0) areas[chosen].name = name.value;
  });
}

/** What the site file has. @param {any} site */
export function showSiteAreas(site) {
  if (areas.length > 0 || former.length > 0) return;
  areas = [
    ...site.masks.map((/** @type {any} */ mask) => ({ kind: mask.mode, name: "", points: mask.points })),
    ...site.zones.map((/** @type {any} */ zone) => ({ kind: "zone", name: zone.name, points: zone.points, more: zone.more })),
  ];
  chosen = areas.length - 1;
  list();
}

export function nameAreas() {
  const before = kind.value || "ignore";
  kind.replaceChildren(...KINDS.map((one) => new Option(word(one), one)));
  kind.value = before;
  list();
}

const remember = () => { former = [...former.slice(-49), JSON.stringify(areas)]; };

function begin() {
  areas.push({ kind: /** @type {Area["kind"]} */ (kind.value), name: kind.value === "zone" ? name.value || word("zone") : "", points: [] });
  chosen = areas.length - 1;
}

function changeKind() {
  if (chosen < 0) return;
  remember();
  areas[chosen].kind = /** @type {Area["kind"]} */ (kind.value);
  if (kind.value === "zone" && areas[chosen].name === "") areas[chosen].name = name.value || word("zone");
}

/** @param {PointerEvent} event */
function press(event) {
  const [x, y] = shareOf(event);
  const box = canvas.getBoundingClientRect();
  const isNear = (/** @type {number[]} */ [px, py]) => Math.hypot((px - x) * box.width, (py - y) * box.height) <= NEAR_PX;
  remember();
  const found = areas.findIndex((area) => area.points.some(isNear));
  if (found >= 0) {
    chosen = found;
    dragged = areas[found].points.findIndex(isNear);
    canvas.setPointerCapture(event.pointerId);
  } else {
    if (chosen < 0) begin();
    areas[chosen].points.push(pointOf(event, -1));
  }
  list();
}

/** In shares of the picture. @param {PointerEvent} event */
function shareOf(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

/** Snaps to edges, and to the corners of other areas. @param {PointerEvent} event @param {number} own */
function pointOf(event, own) {
  const [x, y] = shareOf(event);
  const box = canvas.getBoundingClientRect();
  const others = areas.flatMap((area, index) => area.points.filter((_, corner) => index !== chosen || corner !== own));
  const near = others.find(([px, py]) => Math.hypot((px - x) * box.width, (py - y) * box.height) <= NEAR_PX);
  if (near && own >= 0) return [...near];
  const snap = (/** @type {number} */ share, /** @type {number} */ size) =>
    share * size <= NEAR_PX ? 0 : (1 - share) * size <= NEAR_PX ? 1 : rounded(share);
  return [snap(x, box.width), snap(y, box.height)];
}

/** @param {number} share */
const rounded = (share) => Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000;

/** The corners of the chosen one as numbers, and what comes of all. */
function list() {
  const area = areas[chosen];
  if (area) {
    kind.value = area.kind;
    name.value = area.name;
  }
  byId("zone-name-row").hidden = kind.value !== "zone";
  const corners = (area?.points ?? []).map((point, corner) => {
    const item = document.createElement("li");
    item.append(...["x", "y"].map((axis, index) => {
      const input = document.createElement("input");
      [input.type, input.min, input.max, input.step] = ["number", "0", "1", "0.001"];
      input.value = String(point[index]);
      input.setAttribute("aria-label", word("corner", corner + 1, axis));
      input.addEventListener("change", () => {
        remember();
        point[index] = rounded(Number(input.value));
        summarise();
      });
      return input;
    }));
    const remove = document.createElement("button");
    [remove.type, remove.textContent] = ["button", "×"];
    remove.setAttribute("aria-label", `${word("removeArea")}: ${word("corner", corner + 1, "")}`);
    remove.addEventListener("click", () => {
      remember();
      areas[chosen].points.splice(corner, 1);
      list();
    });
    item.append(remove);
    return item;
  });
  byId("corners").replaceChildren(...corners);
  summarise();
}

function summarise() {
  const isWatched = watched(areas);
  const steps = 100;
  let seen = 0;
  for (let i = 0; i < steps * steps; i += 1) {
    if (isWatched((i % steps + 0.5) / steps, (Math.floor(i / steps) + 0.5) / steps)) seen += 1;
  }
  byId("share").textContent = word("share", Math.round(seen * 100 / steps / steps));
  const placed = events().filter((event) => event.kind === "anomaly" && event.place);
  const missed = placed.filter(({ place }) => !isWatched(place.x + place.width / 2, place.y + place.height / 2));
  byId("suppressed").textContent = word("suppressed", missed.length, placed.length);
  drawAreas();
}

/** Whether a point is watched: the areas to watch where there are any, without the others. @param {Area[]} all */
export function watched(all) {
  const whole = all.filter(({ points }) => points.length >= 3);
  const [include, ignore] = ["include", "ignore"].map((one) => whole.filter((area) => area.kind === one));
  return (/** @type {number} */ x, /** @type {number} */ y) =>
    (include.length === 0 || include.some((area) => holds(area.points, x, y)))
    && !ignore.some((area) => holds(area.points, x, y));
}

/** @param {number[][]} points @param {number} x @param {number} y */
function holds(points, x, y) {
  let inside = false;
  points.forEach(([ax, ay], index) => {
    const [bx, by] = points[(index + 1) % points.length];
    if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** As it stands in a site file. @param {Area[]} all */
export function asToml(all) {
  const number = (/** @type {number} */ share) => Number.isInteger(share) ? share.toFixed(1) : String(share);
  return all.filter(({ points }) => points.length >= 3).map((area) => {
    const points = area.points.map((point) => `[${point.map(number).join(", ")}]`).join(", ");
    return area.kind === "zone" ? `[[zone]]\nname = ${JSON.stringify(area.name)}\npoints = [${points}]\n${area.more ?? ""}`
      : `[[mask]]\nmode = "${area.kind}"\npoints = [${points}]\n`;
  }).join("\n");
}

/** Over the picture, at its size. */
export function drawAreas() {
  const pen = canvas.getContext("2d");
  if (!pen || canvas.hidden) return;
  const { width, height } = canvas.getBoundingClientRect();
  [canvas.width, canvas.height] = [Math.round(width), Math.round(height)];
  areas.forEach((area, index) => {
    pen.strokeStyle = { ignore: "#d29922", include: "#3fb950", zone: "#58a6ff" }[area.kind];
    pen.fillStyle = pen.strokeStyle;
    pen.lineWidth = index === chosen ? 3 : 1.5;
    pen.beginPath();
    area.points.forEach(([x, y]) => pen.lineTo(x * canvas.width, y * canvas.height));
    pen.closePath();
    pen.stroke();
    pen.globalAlpha = 0.2;
    pen.fill();
    pen.globalAlpha = 1;
    if (index === chosen) {
      area.points.forEach(([x, y]) => pen.fillRect(x * canvas.width - 5, y * canvas.height - 5, 10, 10));
    }
  });
}
