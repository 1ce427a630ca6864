import { isServerId } from "../lib/protocol.js";
import { words } from "../lib/words.js";
import { advice } from "../models/failures.js";
import { receipt } from "../models/receipt.js";

/** @typedef {import("../models/conversation.js").Entry} Entry */

/**
 * The quiet line under an answer: the receipt, then what can be done with it.
 * @param {Entry} entry @param {boolean} running @param {boolean} [temporary] nothing is stored that could be continued
 * @returns {HTMLElement[]}
 */
export function foot(entry, running, temporary = false) {
  const { generation } = entry;
  const parts = [];
  if (generation) {
    const { who, facts, tags } = receipt(generation);
    if (who) parts.push(span(who));
    for (const fact of facts) parts.push(span(fact));
    for (const tag of tags) parts.push(span(tag, "tag"));
    if (entry.pinned) parts.push(span(words.mark.pinned, "tag"));
    if (generation.reason && !running) parts.push(button(words.why, "why", "underlined"));
  }
  if (running) return parts;
  const actions = document.createElement("span");
  actions.className = "acts";
  if (entry.siblings && entry.siblings.count > 1) actions.append(switcher(entry.siblings));
  if (entry.text) actions.append(button(words.copy, "copyMessage"));
  if (entry.text && generation && !temporary) actions.append(thumb(true, generation), thumb(false, generation));
  if (!temporary && entry.text) actions.append(pin(entry));
  if (!temporary && canContinue(entry)) actions.append(button(words.continue, "goOn"));
  // Where a card says what to do, its button is the one.
  const failure = entry.failure ?? generation?.error;
  if (!failure || advice(failure.code).action !== "again") actions.append(button(generation?.cached ? words.askAgain : words.again, "again"));
  if (entry.text) actions.append(button(words.againWith, "againWith"));
  parts.push(actions);
  return parts;
}

const THUMB = "M7 10v11M7 10l4-7c1.7 0 2.8 1.3 2.5 3L13 10h5.5a2 2 0 0 1 2 2.4l-1.3 7A2 2 0 0 1 17.2 21H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z";

/** @param {boolean} up @param {import("../lib/protocol.js").Generation} generation */
function thumb(up, generation) {
  const pressed = generation.thumb === up;
  const knob = button("", "rate", up ? "thumb" : "thumb down");
  knob.ariaLabel = up ? words.good : words.bad;
  knob.ariaPressed = String(pressed);
  knob.dataset.up = String(up);
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", THUMB);
  icon.append(path);
  knob.append(icon);
  return knob;
}

/** Under a question: its other wordings, and the way to one more. @param {Entry} entry @param {boolean} [temporary] @returns {HTMLElement[]} */
export function questionFoot(entry, temporary = false) {
  const actions = document.createElement("span");
  actions.className = "acts";
  if (entry.siblings && entry.siblings.count > 1) actions.append(switcher(entry.siblings));
  actions.append(button(words.edit, "edit"));
  if (!temporary && isServerId(entry.id)) actions.append(pin(entry));
  return entry.pinned ? [span(words.mark.pinned, "tag"), actions] : [actions];
}

/** @param {Entry} entry */
function pin(entry) {
  const made = button(entry.pinned ? words.mark.unpin : words.mark.pin, "pin");
  made.title = words.mark.title;
  return made;
}

/** @param {Entry} entry */
function canContinue(entry) {
  const { generation } = entry;
  if (!entry.text || !generation) return false;
  return generation.state !== "complete" || generation.finish_reason === "length";
}

/** @param {{index: number, count: number, ids: string[]}} siblings */
function switcher({ index, count, ids }) {
  const group = span("", "switcher");
  const at = span(words.version(index + 1, count));
  group.append(turn("‹", ids[index - 1], words.previousVersion), at, turn("›", ids[index + 1], words.nextVersion));
  return group;
}

/** @param {string} sign @param {string | undefined} id @param {string} label */
function turn(sign, id, label) {
  const arrow = button(sign, "switchTo");
  arrow.ariaLabel = label;
  arrow.disabled = id === undefined;
  if (id) arrow.dataset.leaf = id;
  return arrow;
}

/** @param {string} text @param {string} [className] */
function span(text, className = "") {
  const element = document.createElement("span");
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** @param {string} text @param {string} method @param {string} [className] */
function button(text, method, className = "") {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.dataset.action = `click:${method}`;
  if (className) element.className = className;
  return element;
}
