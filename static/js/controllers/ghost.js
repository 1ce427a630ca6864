import { words } from "../lib/words.js";
import { Prediction } from "../models/prediction.js";
import { PageController } from "./page_controller.js";

const READ_OUT_MS = 700; // a pause in typing: nobody wants to hear every suggestion

/**
 * What may come next, in grey behind what is written: Tab or → takes it, Ctrl with → a word of it, Esc puts it
 * away. Stands before the composer on its element, so that these keys are taken before the composer has them.
 */
export class Ghost extends PageController {
  /** @override */
  connect() {
    this.box = /** @type {HTMLTextAreaElement} */ (this.target("text"));
    this.paper = this.target("ghost");
    this.offers = this.target("offers");
    this.prediction = new Prediction({ socket: this.app.socket });
    this.prediction.on("changed", () => this.draw());
    this.box.addEventListener("scroll", () => this.align());
    this.box.addEventListener("compositionstart", () => this.prediction?.dismiss());
    document.addEventListener("selectionchange", () => {
      if (this.prediction?.first && document.activeElement === this.box && !this.isAtEnd) this.prediction.dismiss();
    });
    this.chat.on("shown", () => this.prediction?.dismiss());
    this.app.page.on("compose", () => this.prediction?.dismiss());
  }

  get isAtEnd() {
    const { box } = this;
    return box !== undefined && box.selectionStart === box.value.length && box.selectionEnd === box.value.length;
  }

  /** @param {Event} event */
  changed(event) {
    const { box, prediction } = this;
    if (!box || !prediction || !this.app.preferences.prediction) return;
    if (event instanceof InputEvent && event.isComposing) return prediction.dismiss();
    const tidied = prediction.tidied(box.value);
    if (tidied !== null) return this.put(box.value.length - tidied.length + 1, tidied.slice(-1));
    if (!this.isAtEnd) return prediction.dismiss();
    prediction.write(box.value, this.chat.conversation.id);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const first = this.prediction?.first;
    if (!first || event.isComposing || event.keyCode === 229 || event.shiftKey || event.altKey) return;
    const isBare = !event.ctrlKey && !event.metaKey;
    if (event.key === "Escape" && isBare) this.prediction?.dismiss();
    else if ((event.key === "Tab" || (event.key === "ArrowRight" && this.isAtEnd)) && isBare) this.take(first);
    else if (event.key === "ArrowRight" && this.isAtEnd && event.ctrlKey) this.take(first, true);
    else return;
    event.preventDefault();
  }

  submit() {
    if (this.box?.value.trim()) this.prediction?.report(this.box.value);
    this.prediction?.dismiss();
  }

  /** @param {Event} _event @param {HTMLElement} node */
  choose(_event, node) {
    const chosen = this.prediction?.suggestions[Number(node.dataset.place)];
    this.box?.focus();
    if (chosen) this.take(chosen);
  }

  /** @param {import("../models/prediction.js").Suggestion} suggestion @param {boolean} [onlyWord] */
  take(suggestion, onlyWord = false) {
    if (!this.prediction) return;
    const { remove, insert } = this.prediction.take(suggestion, onlyWord);
    this.app.page.emit("announce", words.prediction.taken(insert.trim()));
    this.put(remove, insert);
  }

  /** Write at the end as if it were typed, so that undo knows it. @param {number} remove @param {string} insert */
  put(remove, insert) {
    const { box } = this;
    if (!box) return;
    box.setSelectionRange(box.value.length - remove, box.value.length);
    if (document.execCommand("insertText", false, insert)) return;
    box.setRangeText(insert, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  draw() {
    const { box, paper, offers, prediction } = this;
    if (!box || !paper || !offers || !prediction) return;
    clearTimeout(this.reading);
    const { first, suggestions } = prediction;
    paper.hidden = !first;
    offers.hidden = true;
    if (!first) return;
    const written = document.createElement("span");
    written.className = "written";
    written.textContent = box.value;
    const ghost = document.createElement("span");
    ghost.className = "to-come";
    ghost.textContent = first.replaces ? `→ ${first.text.trim()}` : first.text;
    const key = document.createElement("kbd");
    key.textContent = words.prediction.key;
    // A word may break where it was begun: what is written must not move to the next line with it.
    paper.replaceChildren(written, document.createElement("wbr"), ghost, key);
    this.align();
    this.drawOffers(suggestions);
    this.reading = setTimeout(() => this.app.page.emit("announce", words.prediction.offered(first.text.trim())), READ_OUT_MS);
  }

  /** The others as buttons; on glass, where there is no Tab, the first too. @param {import("../models/prediction.js").Suggestion[]} suggestions */
  drawOffers(suggestions) {
    const { offers } = this;
    if (!offers) return;
    const least = matchMedia("(pointer: coarse)").matches ? 0 : 1;
    const buttons = suggestions.map((one, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = one.text.trim();
      button.dataset.place = String(place);
      button.dataset.action = "click:choose";
      return button;
    });
    offers.replaceChildren(...buttons.slice(least));
    offers.hidden = buttons.length <= least;
  }

  align() {
    if (this.paper && this.box) this.paper.scrollTop = this.box.scrollTop;
  }
}
