// What the camera sees now, how odd it is, and whether somebody guards.

import { drawAreas, nameAreas, prepareAreas, showSiteAreas } from "./areas.js";
import { drawScores } from "./chart.js";
import { allEvents, allowReview, listEvents, lookForEvents, noteDisk, prepareEvents } from "./events.js";
import { drawPlace, nameZones } from "./filter.js";
import { drawHealth, prepareHealth } from "./health.js";
import { drawOrders, nameMinutes, prepareOrders } from "./orders.js";
import { drawPicture, fetchPicture } from "./picture.js";
import { listen } from "./stream.js";
import { countAgain, drawCount, nameSite, prepareTuning, tried } from "./tuning.js";
import { firstLanguage, languages, setLanguage, word } from "./words.js";

const COUNT_EVERY_MS = 60_000;
const STRIP_MS = 120_000;
const SILENT_AFTER_MS = 5000;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const picture = /** @type {HTMLCanvasElement} */ (byId("picture"));
const strip = /** @type {HTMLCanvasElement} */ (byId("strip"));
const heat = /** @type {HTMLInputElement} */ (byId("heat"));

/** @type {[number, number][]} */
let scores = [];
/** @type {any} */
let state = null;
/** @type {any} */
let site = null;
let eventsTag = "";
/** @type {ImageBitmap | null} */
let bitmap = null;
let pictureMs = 0;
let heardAt = performance.now();

const wait = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** Asks again and again, but not while nobody looks. @param {() => Promise<void>} ask @param {number} every */
async function repeat(ask, every) {
  for (;;) {
    if (!document.hidden) {
      try { await ask(); } catch { /* the banner says so */ }
    }
    await wait(every);
  }
}

const newestMs = () => scores.length > 0 ? scores[scores.length - 1][0] : 0;

/** @param {any} told */
async function takeState(told) {
  // A program that was started again has another clock.
  if (state !== null && told.judged < state.judged) scores = [];
  state = told;
  heardAt = performance.now();
  // Other footage has begun.
  if (state.picture_ms !== null && state.picture_ms < pictureMs) pictureMs = 0;
  scores.push(...state.scores);
  if (site === null || (state.more.version ?? null) !== (site.in_force?.version ?? null)) await lookAtSite();
  noteDisk(state.more.events.looking_for_ms);
  if (state.more.events.tag !== eventsTag) {
    eventsTag = state.more.events.tag;
    await lookForEvents(eventsTag);
    void countAgain(draw);
  }
  scores = scores.filter(([ms]) => ms >= newestMs() - STRIP_MS);
  draw();
}

async function lookAtSite() {
  const answer = await fetch("site.json");
  if (!answer.ok) return;
  site = await answer.json();
  allowReview(site.in_force !== null);
  nameSite(site, draw);
  showSiteAreas(site);
  nameZones(site.zones);
  listEvents();
}

async function lookAtPicture() {
  const newer = await fetchPicture(pictureMs);
  if (newer === null) return;
  bitmap?.close();
  bitmap = newer;
  pictureMs = state?.picture_ms ?? pictureMs;
  draw();
}

function draw() {
  byId("no-picture").hidden = bitmap !== null;
  if (bitmap && state) drawPicture(picture, bitmap, state, Number(heat.value) / 100);
  if (bitmap) drawPlace();
  if (!state) return;
  drawOrders(state, site);
  document.title = `${state.alarm ? "⚠ " : ""}${state.site} · normwatch`;
  byId("site").textContent = state.site;
  const newest = newestMs();
  drawScores(strip, scores, { enter: state.enter_level, exit: state.exit_level, tried: tried(), from: newest - STRIP_MS, to: newest });
  const number = (/** @type {number | null} */ value) => value === null ? "–" : value.toFixed(2);
  const rows = [
    ["score", number(state.score)],
    ["levels", `${number(state.enter_level)}, ${number(state.exit_level)}`],
    ["alarms", state.alarms],
    ["judged", state.judged],
  ];
  fill("figures", rows.map(([name, value]) => [word(name), String(value)]));
  fill("outputs", drawHealth(state));
}

/** @param {string} id @param {string[][]} rows */
function fill(id, rows) {
  byId(id).replaceChildren(...rows.flatMap(([name, value]) => {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, text.textContent] = [name, value];
    return [term, text];
  }));
}

/** What cannot be missed. */
function watchOver() {
  const silentMs = performance.now() - heardAt;
  const silent = silentMs > SILENT_AFTER_MS && !document.hidden;
  const banner = silent ? word("lost")
    : state === null ? ""
    : !state.camera_up ? word("cameraDown")
    : !state.well ? word("degraded")
    : state.judge_every > 1 ? word("hot", state.judge_every) : "";
  if (byId("banner").textContent !== banner) byId("banner").textContent = banner;
  byId("banner").hidden = banner === "";
  const scoreAge = state?.score_age_ms ?? null;
  const isOver = site?.of_site === false && !silent && scoreAge !== null && scoreAge > SILENT_AFTER_MS;
  byId("age").textContent = isOver ? word("over") : scoreAge === null ? "" : `${((scoreAge + silentMs) / 1000).toFixed(0)} ${word("ago")}`;
  const text = silent ? word("silent") : state === null ? "" : state.alarm ? word(state.state)
    : `${word(state.state)} · ${word(state.well ? "well" : "unwell")}`;
  if (byId("state").textContent !== text) byId("state").textContent = text;
  byId("state").className = silent || state === null ? "" : state.alarm ? "alarm" : state.well ? "well" : "";
}

function speak(/** @type {string} */ code) {
  setLanguage(code);
  picture.setAttribute("aria-label", word("pictureOf"));
  strip.setAttribute("aria-label", word("stripOf"));
  listEvents();
  nameMinutes();
  nameAreas();
  drawCount();
  draw();
}

const language = /** @type {HTMLSelectElement} */ (byId("language"));
language.replaceChildren(...languages().map(([code, name]) => new Option(name, code)));
language.value = firstLanguage();
language.addEventListener("change", () => speak(language.value));
heat.addEventListener("input", draw);
window.addEventListener("resize", drawAreas);
prepareEvents(draw);
prepareHealth();
prepareOrders();
prepareTuning(draw);
prepareAreas(allEvents);
speak(language.value);
setInterval(watchOver, 500);
listen(newestMs, takeState);
void repeat(lookAtPicture, 100);
void repeat(() => countAgain(draw), COUNT_EVERY_MS);
