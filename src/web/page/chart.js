// Scores over time, with the levels of the alarm.

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @param {HTMLCanvasElement} canvas
 * @param {[number, number][]} scores milliseconds and score
 * @param {{enter: number | null, exit: number | null, tried?: {enter: number} | null, from?: number, to?: number}} options
 */
export function drawScores(canvas, scores, { enter, exit, tried, from, to }) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  if (scores.length === 0) return;
  const begin = from ?? scores[0][0];
  const span = Math.max(1, (to ?? scores[scores.length - 1][0]) - begin);
  const highest = Math.max(enter ?? 1, tried?.enter ?? 0, ...scores.map(([, score]) => score)) * 1.1;
  const x = (/** @type {number} */ ms) => ((ms - begin) / span) * width;
  const y = (/** @type {number} */ score) => height - (Math.max(0, score) / highest) * (height - 4) - 2;
  const level = (/** @type {number | null} */ value, /** @type {string} */ name, /** @type {number[]} */ dash) => {
    if (value === null) return;
    pen.strokeStyle = colour(name);
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(0, y(value));
    pen.lineTo(width, y(value));
    pen.stroke();
  };
  pen.lineWidth = 2;
  level(enter, "--alarm", []);
  level(exit, "--faint", [6, 6]);
  level(tried?.enter ?? null, "--mark", [2, 6]);
  pen.setLineDash([]);
  pen.strokeStyle = colour("--mark");
  pen.beginPath();
  let last = -Infinity;
  for (const [ms, score] of scores) {
    // A hole in time is a hole in the line.
    if (ms - last > 2000) pen.moveTo(x(ms), y(score));
    else pen.lineTo(x(ms), y(score));
    last = ms;
  }
  pen.stroke();
}
