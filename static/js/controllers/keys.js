import { legible } from "../models/combos.js";
import { PageController } from "./page_controller.js";

// Under a modal dialog the page does not listen, except for these two, which are dialogs themselves.
const OVER_DIALOGS = ["palette", "help"];

/** Presses of keys become actions. What an element has already taken, and what an input method composes, is not ours. */
export class Keys extends PageController {
  /** @override */
  connect() {
    document.addEventListener("keydown", (event) => this.press(event));
    addEventListener("storage", () => this.app.shortcuts.load());
    this.app.page.on("rebound", () => this.drawHints());
    this.drawHints();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    // 229: Safari's last press of a composition, which it tells after the composition.
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    // Esc closes the top-most thing first, and that is the popover, then the dialog.
    if (event.key === "Escape" && document.querySelector(":popover-open, dialog[open]")) return;
    const isInField = event.target instanceof Element && event.target.matches("input, textarea, select, [contenteditable]");
    const action = this.app.shortcuts.meant(event, isInField);
    if (!action || (document.querySelector("dialog[open]") && !OVER_DIALOGS.includes(action.name))) return;
    if (action.run?.() !== false) event.preventDefault();
  }

  /** Do what a button names: `data-do="palette"`. @param {Event} _event @param {HTMLElement} node */
  doNamed(_event, node) {
    this.app.shortcuts.actions.find((action) => action.name === node.dataset.do)?.run?.();
  }

  /** The keys that the page shows beside what they do. */
  drawHints() {
    const { shortcuts } = this.app;
    for (const hint of document.querySelectorAll("[data-keys]")) {
      const action = shortcuts.actions.find((one) => one.name === hint.getAttribute("data-keys"));
      const combo = action && shortcuts.keysOf(action).at(-1);
      const caps = combo ? legible(combo, shortcuts.isMac) : [];
      hint.replaceChildren(...caps.map((text) => Object.assign(document.createElement("kbd"), { textContent: text })));
    }
  }
}
