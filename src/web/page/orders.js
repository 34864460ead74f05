// What may be ordered from the page, where the site allows it.

import { clock, word } from "./words.js";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Gives an order; what came of it as text where it was refused.
 * @param {string} what @param {object} body
 * @returns {Promise<{status: number, told: any, text: string}>}
 */
export async function order(what, body) {
  try {
    const answer = await fetch(`order/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Normwatch": "1" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    const is_json = answer.headers.get("Content-Type") === "application/json";
    return { status: answer.status, told: is_json ? JSON.parse(text) : null, text };
  } catch {
    return { status: 0, told: null, text: word("lost") };
  }
}

export function prepareOrders() {
  const minutes = /** @type {HTMLSelectElement} */ (byId("minutes"));
  for (const what of ["arm", "disarm", "acknowledge"]) {
    byId(what).addEventListener("click", () => tell(order(what, {})));
  }
  byId("snooze").addEventListener("click", () =>
    tell(order("snooze", { minutes: Number(minutes.value) })));
}

export function nameMinutes() {
  const minutes = /** @type {HTMLSelectElement} */ (byId("minutes"));
  const chosen = minutes.value || "60";
  const choices = [15, 60, 240, 480];
  minutes.replaceChildren(...choices.map((n) =>
    new Option(n < 120 ? word("minutes", n) : word("hours", n / 60), String(n))));
  minutes.value = chosen;
}

/** @param {Promise<{status: number, text: string}>} asked */
async function tell(asked) {
  const { status, text } = await asked;
  byId("ordered").textContent = status === 202 ? word("ordered") : text.trim();
}

/** @param {any} state @param {any} site */
export function drawOrders(state, site) {
  const may = site?.in_force !== null && site !== null;
  byId("orders").hidden = !may;
  if (!may) return;
  const disarmed = state.state === "disarmed";
  byId("arm").hidden = !site.may_arm || !disarmed;
  byId("disarm").hidden = !site.may_arm || disarmed;
  byId("snoozing").hidden = !site.may_arm || disarmed;
  // What stays raises the line as well, and no state tells of it.
  byId("acknowledge").hidden = false;
  const left = state.more.snooze_ms;
  const until = left === null ? "" : word("snoozes", clock(Date.now() + left));
  if (byId("until").textContent !== until) byId("until").textContent = until;
}
