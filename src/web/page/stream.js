// The numbers, as the board sends them; asked for where they do not come by themselves.

const LOOK_EVERY_MS = 500;
/** They come twice a second: what is silent for so long is held back on the way. */
const SILENT_MS = 5000;
/** After so long the stream is tried again. */
const AGAIN_MS = 60_000;

/**
 * Goes on until the page is closed, but not while nobody looks.
 * @param {() => number} after the time of the newest score that is there
 * @param {(told: any) => Promise<void>} take is given one at a time
 */
export function listen(after, take) {
  /** @type {EventSource | null} */
  let source = null;
  let [heardAt, tryAt] = [0, 0];
  let taking = Promise.resolve();
  const close = (/** @type {number} */ againIn) => {
    source?.close();
    source = null;
    tryAt = performance.now() + againIn;
  };
  const open = () => {
    const own = new EventSource(`state.stream?after=${after()}`);
    [source, heardAt] = [own, performance.now()];
    own.addEventListener("message", ({ data }) => {
      heardAt = performance.now();
      taking = taking.then(() => take(JSON.parse(data))).catch(() => { /* the banner says so */ });
    });
    // Where the browser gives up. After less it comes again by itself.
    own.addEventListener("error", () => {
      if (own === source && own.readyState === EventSource.CLOSED) close(AGAIN_MS);
    });
  };
  const poll = async () => {
    const answer = await fetch(`state.json?after=${after()}`);
    if (answer.ok) await take(await answer.json());
  };
  const look = async () => {
    if (document.hidden) return close(0);
    if (source === null && performance.now() >= tryAt) open();
    if (source !== null && performance.now() - heardAt < SILENT_MS) return;
    if (source !== null) close(AGAIN_MS);
    await poll();
  };
  const go = async () => {
    try { await look(); } catch { /* the banner says so */ }
    setTimeout(go, LOOK_EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(0); });
  void go();
}
