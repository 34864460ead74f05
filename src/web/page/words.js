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
    over: "The footage is over.", none: "No events.", off: "No events are kept: add `folder` to [output.events] in the site file.",
    before: "before", onset: "onset", peak: "worst moment", end: "end", goesOn: "goes on",
    anomaly: "anomaly", changed: "changed", tampered: "tampered", blind: "blind", fault: "fault",
    disarmed: "disarmed", "warm-up": "warming up", idle: "quiet", suspect: "suspect", alarm: "ALARM",
    latched: "ALARM, waits for acknowledgement", cooldown: "quiet again",
    stripOf: "Scores of the last minutes", pictureOf: "What the camera sees", traceOf: "Scores of this event",
    normal: "normal", reviewed: "reviewed", shown: "{n} events", shownOne: "1 event",
    diskLate: "The disk of the board has not answered for {n} s: this list may be old.",
    tuning: "How many alarms?", tuningWhat: "False alarms that you accept, a day. Trying changes nothing.",
    perDay: "a day", budgetOf: "False alarms a day", apply: "Apply", undo: "Undo", copy: "Copy as TOML",
    wouldDay: "It would have raised {n} in the last 24 hours,", wouldAll: "{n} in the {m} that are kept.",
    wouldFootage: "It would have raised {n} in {m} of footage", undated: "undated",
    seconds: "{n} s", minutes: "{n} minutes", hours: "{n} hours", days: "{n} days",
    unsupported: "An estimate: the calibration has seen {n} h, and this budget needs {m} h.",
    otherCalibration: "Scores by another calibration are left out.",
    ofSite: "In force: {n} a day, from the site file.", ofCommand: "In force: {n} a day.", inForce: "In force: {n} a day, since {m}.",
    applied: "Applied.", undone: "Undone.", conflict: "Somebody else has applied {n} a day meanwhile. Look, and apply again.",
    arm: "Arm", disarm: "Disarm", acknowledge: "Acknowledge", snooze: "Snooze", snoozeFor: "Disarm for",
    snoozes: "Disarmed until {n}.", ordered: "Done.",
    areas: "Areas to ignore, and zones", areasWhat: "Click to add a corner, drag one to move it. Nothing changes until you put the text into the site file.",
    areaKind: "Area", ignore: "ignore", include: "watch only this", zone: "zone", zoneName: "Name of the zone",
    newArea: "New area", removeArea: "Remove area", addCorner: "Add a corner", corner: "Corner {n}, {m}",
    share: "{n} % of the picture are watched.", suppressed: "Events whose worst place nobody watches then: {n} of {m}.",
    wasOdd: "It was odd", wasNormal: "It was normal", pace: "Pace", onein: "one frame in {n} is judged",
    download: "Download", place: "Place", placeWhat: "Tap the picture to list only what happened there.",
    fromLeft: "From the left, %", fromTop: "From the top, %", anywhere: "Anywhere",
    here: "{n} events happened here", hereOne: "1 event happened here",
    log: "Log", noLines: "Nothing has been written yet.", room: "Disk of the events", free: "{n} of {m} free", little: "little room", each: "every frame is judged",
    drift: "Scores of the last day", drifted: "have drifted: learn or calibrate again", usual: "as usual",
    time: "{n} ms, 99 % within {m} ms", learning: "Learning", "learning-none": "not begun", "learning-observe": "looks at the camera",
    "learning-train": "trains", "learning-prove": "tries what it learned", "learning-settle": "finds its levels", "learning-watch": "done, watches with it",
    "stage-capture": "Camera", "stage-preprocess": "Preparing", "stage-encoder": "Network, first half", "stage-memory": "Memory",
    "stage-decoder": "Network, second half", "stage-score": "Score", "stage-alarm": "Alarm and lines",
    health: "Health", outputs: "Outputs", sent: "{n} sent, {m} failed", rested: "Of these, nothing moved",
  },
  de: {
    name: "Deutsch", language: "Sprache", now: "Jetzt", noPicture: "Noch kein Bild.",
    heat: "Wärmebild", events: "Ereignisse", kind: "Art", close: "Schließen", older: "Älter", newer: "Neuer",
    all: "alle", score: "Wert", levels: "Schwellen, Alarm und Ende", alarms: "Alarme seit dem Start",
    judged: "Beurteilte Bilder", temperature: "Temperatur", ago: "s seit dem letzten Wert",
    well: "alles in Ordnung", unwell: "wacht nicht", silent: "das Gerät antwortet nicht",
    cameraDown: "Die Kamera liefert keine Bilder.", degraded: "Diese Kamera wacht nicht: die Leitung FAULT ist inaktiv.",
    lost: "Das Gerät antwortet nicht. Was Sie sehen, ist alt.", hot: "Das Gerät ist heiß: nur jedes {n}. Bild wird beurteilt.",
    over: "Der Film ist zu Ende.", none: "Keine Ereignisse.", off: "Ereignisse werden nicht aufbewahrt: ergänzen Sie `folder` in [output.events].",
    before: "davor", onset: "Beginn", peak: "schlimmster Moment", end: "Ende", goesOn: "dauert an",
    anomaly: "Anomalie", changed: "verändert", tampered: "manipuliert", blind: "blind", fault: "Störung",
    disarmed: "unscharf", "warm-up": "läuft warm", idle: "ruhig", suspect: "Verdacht", alarm: "ALARM",
    latched: "ALARM, wartet auf Quittierung", cooldown: "wieder ruhig",
    stripOf: "Werte der letzten Minuten", pictureOf: "Was die Kamera sieht", traceOf: "Werte dieses Ereignisses",
    normal: "normal", reviewed: "gesehen", shown: "{n} Ereignisse", shownOne: "1 Ereignis",
    diskLate: "Der Speicher des Geräts antwortet seit {n} s nicht: diese Liste kann alt sein.",
    tuning: "Wie viele Alarme?", tuningWhat: "Fehlalarme am Tag, die Sie hinnehmen. Probieren ändert nichts.",
    perDay: "am Tag", budgetOf: "Fehlalarme am Tag", apply: "Anwenden", undo: "Zurücknehmen", copy: "Als TOML kopieren",
    wouldDay: "Es wären {n} in den letzten 24 Stunden gewesen,", wouldAll: "{n} in den aufbewahrten {m}.",
    wouldFootage: "Es wären {n} in {m} Film gewesen", undated: "ohne Datum",
    seconds: "{n} s", minutes: "{n} Minuten", hours: "{n} Stunden", days: "{n} Tagen",
    unsupported: "Eine Schätzung: die Kalibrierung hat {n} h gesehen, und so wenige brauchen {m} h.",
    otherCalibration: "Werte einer anderen Kalibrierung zählen nicht mit.",
    ofSite: "In Kraft: {n} am Tag, aus der Site-Datei.", ofCommand: "In Kraft: {n} am Tag.", inForce: "In Kraft: {n} am Tag, seit {m}.",
    applied: "Angewandt.", undone: "Zurückgenommen.", conflict: "Inzwischen hat jemand {n} am Tag angewandt. Sehen Sie nach, und wenden Sie es noch einmal an.",
    arm: "Scharf schalten", disarm: "Unscharf schalten", acknowledge: "Quittieren", snooze: "Pause", snoozeFor: "Unscharf für",
    snoozes: "Unscharf bis {n}.", ordered: "Erledigt.",
    areas: "Ausgenommene Flächen und Zonen", areasWhat: "Klicken setzt eine Ecke, Ziehen verschiebt sie. Nichts ändert sich, bis der Text in der Site-Datei steht.",
    areaKind: "Fläche", ignore: "ausnehmen", include: "nur hier wachen", zone: "Zone", zoneName: "Name der Zone",
    newArea: "Neue Fläche", removeArea: "Fläche entfernen", addCorner: "Ecke hinzufügen", corner: "Ecke {n}, {m}",
    share: "{n} % des Bildes werden bewacht.", suppressed: "Ereignisse, die am schlimmsten waren, wo dann niemand wacht: {n} von {m}.",
    wasOdd: "War auffällig", wasNormal: "War normal", pace: "Takt", onein: "jedes {n}. Bild wird beurteilt",
    download: "Herunterladen", place: "Ort", placeWhat: "Tippen Sie auf das Bild: die Liste zeigt nur, was dort geschah.",
    fromLeft: "Von links, %", fromTop: "Von oben, %", anywhere: "Überall",
    here: "{n} Ereignisse an dieser Stelle", hereOne: "1 Ereignis an dieser Stelle",
    log: "Protokoll", noLines: "Noch steht nichts darin.", room: "Speicher der Ereignisse", free: "{n} von {m} frei", little: "wenig Platz", each: "jedes Bild wird beurteilt",
    drift: "Werte des letzten Tages", drifted: "haben sich verschoben: neu lernen oder kalibrieren", usual: "wie üblich",
    time: "{n} ms, 99 % in {m} ms", learning: "Lernen", "learning-none": "nicht begonnen", "learning-observe": "sieht der Kamera zu",
    "learning-train": "trainiert", "learning-prove": "erprobt das Gelernte", "learning-settle": "findet seine Schwellen", "learning-watch": "fertig, wacht damit",
    "stage-capture": "Kamera", "stage-preprocess": "Vorbereiten", "stage-encoder": "Netz, erste Hälfte", "stage-memory": "Gedächtnis",
    "stage-decoder": "Netz, zweite Hälfte", "stage-score": "Wert", "stage-alarm": "Alarm und Leitungen",
    health: "Zustand", outputs: "Ausgänge", sent: "{n} gesendet, {m} gescheitert", rested: "Davon: nichts bewegt",
  },
  zh: {
    name: "中文", language: "语言", now: "现在", noPicture: "还没有画面。",
    heat: "热图", events: "事件", kind: "类型", close: "关闭", older: "较早", newer: "较新",
    all: "全部", score: "分数", levels: "报警与解除阈值", alarms: "启动以来的报警",
    judged: "已判断的帧", temperature: "温度", ago: "秒前的分数",
    well: "一切正常", unwell: "未在守护", silent: "设备没有应答",
    cameraDown: "摄像头没有画面。", degraded: "此摄像头未在守护：FAULT 线路未激活。",
    lost: "设备没有应答，所见内容已过时。", hot: "设备过热：每 {n} 帧判断一帧。",
    over: "录像已结束。", none: "没有事件。", off: "未保存事件：请在站点文件的 [output.events] 中加入 `folder`。",
    before: "之前", onset: "开始", peak: "最严重时刻", end: "结束", goesOn: "持续中",
    anomaly: "异常", changed: "有变化", tampered: "被破坏", blind: "失明", fault: "故障",
    disarmed: "已撤防", "warm-up": "预热中", idle: "安静", suspect: "可疑", alarm: "报警",
    latched: "报警，等待确认", cooldown: "恢复安静",
    stripOf: "最近几分钟的分数", pictureOf: "摄像头画面", traceOf: "此事件的分数",
    normal: "正常", reviewed: "已查看", shown: "{n} 个事件", shownOne: "1 个事件",
    diskLate: "设备的存储已 {n} 秒没有应答，列表可能已过时。",
    tuning: "多少次报警？", tuningWhat: "您每天能接受的误报次数。试算不会改变任何设置。",
    perDay: "次/天", budgetOf: "每天误报次数", apply: "应用", undo: "撤销", copy: "复制为 TOML",
    wouldDay: "过去 24 小时会报警 {n} 次，", wouldAll: "保存的{m}内共 {n} 次。",
    wouldFootage: "在{m}录像中会报警 {n} 次", undated: "无日期",
    seconds: " {n} 秒", minutes: " {n} 分钟", hours: " {n} 小时", days: " {n} 天",
    unsupported: "仅为估计：校准只看了 {n} 小时，此预算需要 {m} 小时。",
    otherCalibration: "其他校准的分数不计入。",
    ofSite: "当前生效：每天 {n} 次，来自站点文件。", ofCommand: "当前生效：每天 {n} 次。", inForce: "当前生效：每天 {n} 次，自 {m}。",
    applied: "已应用。", undone: "已撤销。", conflict: "其间有人应用了每天 {n} 次。请查看后再应用。",
    arm: "布防", disarm: "撤防", acknowledge: "确认", snooze: "暂停", snoozeFor: "撤防",
    snoozes: "撤防至 {n}。", ordered: "完成。",
    areas: "忽略区域与分区", areasWhat: "点击添加角点，拖动移动角点。将文本写入站点文件之前不会有任何改变。",
    areaKind: "区域", ignore: "忽略", include: "只看此处", zone: "分区", zoneName: "分区名称",
    newArea: "新区域", removeArea: "删除区域", addCorner: "添加角点", corner: "角点 {n}，{m}",
    share: "画面的 {n} % 被监视。", suppressed: "{m} 个事件中有 {n} 个的最严重位置将不被监视。",
    wasOdd: "确实异常", wasNormal: "属于正常", pace: "节奏", onein: "每 {n} 帧判断一帧",
    download: "下载", place: "位置", placeWhat: "点击画面，只列出在该处发生的事件。",
    fromLeft: "距左边，%", fromTop: "距上边，%", anywhere: "任何位置",
    here: "此处有 {n} 个事件", hereOne: "此处有 1 个事件",
    log: "日志", noLines: "尚无内容。", room: "事件存储空间", free: "剩余 {n}，共 {m}", little: "空间不足", each: "每帧都判断",
    drift: "最近一天的分数", drifted: "已偏移：请重新学习或校准", usual: "正常",
    time: "{n} 毫秒，99 % 在 {m} 毫秒内", learning: "学习", "learning-none": "未开始", "learning-observe": "正在观察摄像头",
    "learning-train": "正在训练", "learning-prove": "正在检验所学", "learning-settle": "正在确定阈值", "learning-watch": "已完成，正用其守护",
    "stage-capture": "摄像头", "stage-preprocess": "预处理", "stage-encoder": "网络前半", "stage-memory": "记忆",
    "stage-decoder": "网络后半", "stage-score": "分数", "stage-alarm": "报警与线路",
    health: "状态", outputs: "输出", sent: "已发送 {n}，失败 {m}", rested: "其中无移动",
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
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(/** @type {HTMLElement} */ (element).dataset.label ?? ""));
  }
}

/** @param {string} key @param {number | string} [n] @param {number | string} [m] */
export const word = (key, n, m) =>
  (WORDS[language][key] ?? WORDS.en[key] ?? key).replace("{n}", String(n ?? "")).replace("{m}", String(m ?? ""));

/** Made once for each language: each takes longer to make than a thousand times to write. @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {number} unixMs @param {string} name @param {Intl.DateTimeFormatOptions} options */
function written(unixMs, name, options) {
  const key = `${language} ${name}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language, options);
    formats.set(key, format);
  }
  return format.format(unixMs);
}

/** @param {number} unixMs */
export const clock = (unixMs) => written(unixMs, "clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @param {number} unixMs */
export const day = (unixMs) => written(unixMs, "day", { weekday: "short", day: "numeric", month: "short" });

/** @param {number} unixMs */
export const date = (unixMs) => `${day(unixMs)}, ${clock(unixMs)}`;

/** Two digits that count. @param {number} value */
export const number = (value) => Number(value.toPrecision(2)).toLocaleString(language);

function readChoice() {
  try { return localStorage.getItem("language"); } catch { return null; }
}
