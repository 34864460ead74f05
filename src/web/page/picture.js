// The newest picture, with the heat laid over it.

/**
 * @typedef {{heat: number[] | null, heat_columns: number,
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
 * @param {number} strength 0 to 1
 */
export function drawPicture(canvas, picture, odd, strength) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    [canvas.width, canvas.height] = [picture.width, picture.height];
  }
  pen.drawImage(picture, 0, 0);
  if (odd.heat === null || strength === 0) return;
  const columns = odd.heat_columns;
  const rows = odd.heat.length / columns;
  const [width, height] = [canvas.width / columns, canvas.height / rows];
  odd.heat.forEach((cell, index) => {
    pen.fillStyle = `rgb(255 60 0 / ${(cell / 255) ** 2 * strength})`;
    pen.fillRect((index % columns) * width, Math.floor(index / columns) * height, width, height);
  });
  if (odd.place) {
    const { x, y, width: w, height: h } = odd.place;
    pen.strokeStyle = "rgb(255 60 0)";
    pen.lineWidth = 2;
    pen.strokeRect(x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height);
  }
}
