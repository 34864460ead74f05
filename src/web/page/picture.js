// The newest picture, with the heat laid over it.

/**
 * @typedef {{heat: number[] | null, heat_columns: number, score: number | null,
 *   enter_level: number | null, exit_level: number | null,
 *   place: {x: number, y: number, width: number, height: number} | null}} Odd
 */

/**
 * Fetches the picture that is newer than `after`, in milliseconds; `null` if there is none.
 * @param {number} after
 */
export async function fetchPicture(after) {
  const answer = await fetch(`frame.jpg?after=${after}`);
  if (answer.status !== 200) return null;
  return createImageBitmap(await answer.blob());
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} picture
 * @param {Odd} odd
 * @param {number} strength 0 to 1, of a picture that raises an alarm; one less odd has less
 */
export function drawPicture(canvas, picture, odd, strength) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    [canvas.width, canvas.height] = [picture.width, picture.height];
  }
  pen.drawImage(picture, 0, 0);
  if (odd.heat === null || strength === 0) return;
  // The worst place of a usual picture is nothing to look at.
  const oddness = odd.enter_level === null ? 1 : Math.min(1, Math.max(0, (odd.score ?? 0) / odd.enter_level));
  const columns = odd.heat_columns;
  const rows = odd.heat.length / columns;
  const [width, height] = [canvas.width / columns, canvas.height / rows];
  odd.heat.forEach((cell, index) => {
    pen.fillStyle = `rgb(255 60 0 / ${(cell / 255) ** 2 * strength * oddness})`;
    pen.fillRect((index % columns) * width, Math.floor(index / columns) * height, width, height);
  });
  if (odd.place && (odd.exit_level === null || (odd.score ?? 0) >= odd.exit_level)) {
    const { x, y, width: w, height: h } = odd.place;
    pen.strokeStyle = "rgb(255 60 0)";
    pen.lineWidth = 2;
    pen.strokeRect(x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height);
  }
}
