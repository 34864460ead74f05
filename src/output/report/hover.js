for (const svg of document.querySelectorAll("svg[data-peaks]")) {
  const { left, right, seconds, peaks } = svg.dataset;
  const values = peaks.split(",");
  const hover = svg.querySelector(".hover");
  const text = hover.querySelector("text");
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const part = (x - left) / (right - left);
    const inside = Math.min(part, 1 - part) >= 0;
    hover.style.display = inside ? "inline" : "none";
    if (!inside) return;
    const value = values[Math.min(Math.floor(part * values.length), values.length - 1)];
    const late = part > 0.75;
    hover.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    text.setAttribute("x", late ? -8 : 8);
    text.setAttribute("text-anchor", late ? "end" : "start");
    text.textContent = `${(part * seconds).toFixed(1)} s · ${value ? `score ${value}` : "no score"}`;
  });
  svg.addEventListener("pointerleave", () => { hover.style.display = "none"; });
}
