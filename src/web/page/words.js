// Every word of the page, in every language.

/** @type {Record<string, Record<string, string>>} */
const WORDS = {
  en: {
    name: "English", language: "Language", now: "Now", noPicture: "No picture yet.",
    heat: "Heat", events: "Events", kind: "Kind", close: "Close", older: "Older", newer: "Newer",
    all: "all", score: "Score", levels: "Levels, alarm and end", alarms: "Alarms since the start",
    judged: "Frames judged", temperature: "Temperature", ago: "s since the last score",
    well: "all is well", unwell: "not guarding", silent: "no answer from the board",
    cameraDown: "The camera gives no pictures.", degraded: "This camera does not guard: the FAULT line is inactive.",
    lost: "The board does not answer. What you see is old.", hot: "The board is hot: one frame in {n} is judged.",
    none: "No events.", off: "No events are kept: add `folder` to [output.events] in the site file.",
    before: "before", onset: "onset", peak: "worst moment", end: "end", goesOn: "goes on",
    anomaly: "anomaly", changed: "changed", tampered: "tampered", blind: "blind", fault: "fault",
    disarmed: "disarmed", "warm-up": "warming up", idle: "quiet", suspect: "suspect", alarm: "ALARM",
    latched: "ALARM, waits for acknowledgement", cooldown: "quiet again",
    stripOf: "Scores of the last minutes", pictureOf: "What the camera sees", traceOf: "Scores of this event",
    normal: "normal", reviewed: "reviewed", shown: "{n} events",
  },
  de: {
    name: "Deutsch", language: "Sprache", now: "Jetzt", noPicture: "Noch kein Bild.",
    heat: "Wärmebild", events: "Ereignisse", kind: "Art", close: "Schließen", older: "Älter", newer: "Neuer",
    all: "alle", score: "Wert", levels: "Schwellen, Alarm und Ende", alarms: "Alarme seit dem Start",
    judged: "Beurteilte Bilder", temperature: "Temperatur", ago: "s seit dem letzten Wert",
    well: "alles in Ordnung", unwell: "wacht nicht", silent: "das Gerät antwortet nicht",
    cameraDown: "Die Kamera liefert keine Bilder.", degraded: "Diese Kamera wacht nicht: die Leitung FAULT ist inaktiv.",
    lost: "Das Gerät antwortet nicht. Was Sie sehen, ist alt.", hot: "Das Gerät ist heiß: nur jedes {n}. Bild wird beurteilt.",
    none: "Keine Ereignisse.", off: "Ereignisse werden nicht aufbewahrt: ergänzen Sie `folder` in [output.events].",
    before: "davor", onset: "Beginn", peak: "schlimmster Moment", end: "Ende", goesOn: "dauert an",
    anomaly: "Anomalie", changed: "verändert", tampered: "manipuliert", blind: "blind", fault: "Störung",
    disarmed: "unscharf", "warm-up": "läuft warm", idle: "ruhig", suspect: "Verdacht", alarm: "ALARM",
    latched: "ALARM, wartet auf Quittierung", cooldown: "wieder ruhig",
    stripOf: "Werte der letzten Minuten", pictureOf: "Was die Kamera sieht", traceOf: "Werte dieses Ereignisses",
    normal: "normal", reviewed: "gesehen", shown: "{n} Ereignisse",
  },
  zh: {
    name: "中文", language: "语言", now: "现在", noPicture: "还没有画面。",
    heat: "热图", events: "事件", kind: "类型", close: "关闭", older: "较早", newer: "较新",
    all: "全部", score: "分数", levels: "报警与解除阈值", alarms: "启动以来的报警",
    judged: "已判断的帧", temperature: "温度", ago: "秒前的分数",
    well: "一切正常", unwell: "未在守护", silent: "设备没有应答",
    cameraDown: "摄像头没有画面。", degraded: "此摄像头未在守护：FAULT 线路未激活。",
    lost: "设备没有应答，所见内容已过时。", hot: "设备过热：每 {n} 帧判断一帧。",
    none: "没有事件。", off: "未保存事件：请在站点文件的 [output.events] 中加入 `folder`。",
    before: "之前", onset: "开始", peak: "最严重时刻", end: "结束", goesOn: "持续中",
    anomaly: "异常", changed: "有变化", tampered: "被破坏", blind: "失明", fault: "故障",
    disarmed: "已撤防", "warm-up": "预热中", idle: "安静", suspect: "可疑", alarm: "报警",
    latched: "报警，等待确认", cooldown: "恢复安静",
    stripOf: "最近几分钟的分数", pictureOf: "摄像头画面", traceOf: "此事件的分数",
    normal: "正常", reviewed: "已查看", shown: "{n} 个事件",
  },
};

let language = "en";

/** @returns {string[][]} codes and names */
export const languages = () => Object.entries(WORDS).map(([code, words]) => [code, words.name]);

/** The language that the reader asked for last, or that the browser asks for. */
export function firstLanguage() {
  const wanted = [readChoice(), ...navigator.languages].map((code) => code?.slice(0, 2));
  return wanted.find((code) => code && code in WORDS) ?? "en";
}

/** @param {string} code */
export function setLanguage(code) {
  language = code in WORDS ? code : "en";
  document.documentElement.lang = language;
  try { localStorage.setItem("language", language); } catch { /* private windows keep nothing */ }
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(/** @type {HTMLElement} */ (element).dataset.word ?? "");
  }
}

/** @param {string} key @param {number} [n] */
export const word = (key, n) =>
  (WORDS[language][key] ?? WORDS.en[key] ?? key).replace("{n}", String(n ?? ""));

function readChoice() {
  try { return localStorage.getItem("language"); } catch { return null; }
}
