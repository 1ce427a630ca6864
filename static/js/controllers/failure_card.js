import { words } from "../lib/words.js";
import { advice } from "../models/failures.js";

/**
 * What went wrong and what to do next, as a card under the question.
 * @param {import("../lib/protocol.js").Failure} failure @param {boolean} partial some of the answer is there
 */
export function failureCard(failure, partial) {
  const { title, hint, action } = advice(failure.code);
  const card = document.createElement("div");
  card.className = "failure";
  const heading = document.createElement("strong");
  heading.textContent = title;
  const text = document.createElement("p");
  text.textContent = hint;
  card.append(heading, text);
  if (failure.message && failure.message !== hint) {
    const detail = document.createElement("p");
    detail.className = "quiet";
    detail.lang = "en"; // a limit's or a provider's own words
    detail.textContent = failure.message;
    card.append(detail);
  }
  const button = actionButton(action, failure, partial);
  if (button) card.append(button);
  return card;
}

/** @param {string | null} action @param {import("../lib/protocol.js").Failure} failure @param {boolean} partial */
function actionButton(action, failure, partial) {
  if (action === "upgrade" || action === "new") {
    const link = document.createElement("a");
    link.className = "button";
    link.href = action === "new" ? "/" : "/upgrade/";
    link.textContent = action === "new" ? words.newChat : words.seePlans;
    return link;
  }
  if (action !== "again") return null;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.dataset.action = partial && failure.code === "interrupted" ? "click:goOn" : "click:again";
  button.textContent = partial && failure.code === "interrupted" ? words.continue : words.tryAgain;
  if (failure.retry_after_s) countDown(button, Math.ceil(failure.retry_after_s));
  return button;
}

/** @param {HTMLButtonElement} button @param {number} seconds */
function countDown(button, seconds) {
  const label = button.textContent;
  const until = Date.now() + seconds * 1000;
  button.disabled = true;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? words.tryAgainIn(left) : label;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
