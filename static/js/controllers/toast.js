import { words } from "../lib/words.js";
import { PageController } from "./page_controller.js";

const SHOWN_FOR_MS = 8000;

/** One line at the foot of the page, with a way back. It waits while it is pointed at or focused. */
export class Toast extends PageController {
  /** @override */
  connect() {
    /** @type {(() => void) | null} */
    this.undone = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.app.page.on("toast", (/** @type {{text: string, undo?: () => void}} */ toast) => this.show(toast));
    this.chat.on("refused", (failure) => this.show({ text: failure.message }));
    for (const kind of ["pointerenter", "focusin"]) this.element.addEventListener(kind, () => clearTimeout(this.timer));
    for (const kind of ["pointerleave", "focusout"]) this.element.addEventListener(kind, () => this.wait());
  }

  /** @param {{text: string, undo?: () => void}} toast */
  show({ text, undo }) {
    this.undone = undo ?? null;
    const line = document.createElement("span");
    line.textContent = text;
    this.element.replaceChildren(line);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.action = "click:undo";
      button.textContent = words.undo;
      this.element.append(button);
    }
    this.element.hidden = false;
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), SHOWN_FOR_MS);
  }

  hide() {
    this.element.hidden = true;
    this.undone = null;
  }

  undo() {
    this.undone?.();
    this.hide();
  }
}
