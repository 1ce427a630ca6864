import { PageController } from "./page_controller.js";

/**
 * The one table of shortcuts; help is generated from it. `mod` is Ctrl, or Cmd on a Mac. Browsers keep
 * Ctrl-N for themselves, hence the twin with Shift and O.
 * @type {{key: string, mod?: boolean, shift?: boolean, inFields?: boolean, run: (app: import("./page_controller.js").App) => boolean}[]}
 */
export const SHORTCUTS = [
  { key: "o", mod: true, shift: true, inFields: true, run: (app) => (app.page.emit("open", null), true) },
  { key: "Escape", inFields: true, run: (app) => (app.chat.conversation.running ? (app.chat.stop(), true) : false) },
  { key: "/", run: (app) => (app.page.emit("compose", ""), true) },
];

export class Keys extends PageController {
  /** @override */
  connect() {
    document.addEventListener("keydown", (event) => this.press(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.isComposing || event.defaultPrevented) return;
    // Esc closes the top-most thing first, and that is the popover.
    if (event.key === "Escape" && document.querySelector(":popover-open")) return;
    const isInField = event.target instanceof Element && event.target.matches("input, textarea, select, [contenteditable]");
    const mod = event.ctrlKey || event.metaKey;
    const shortcut = SHORTCUTS.find(
      (one) =>
        one.key.toLowerCase() === event.key.toLowerCase() &&
        Boolean(one.mod) === mod &&
        (!one.mod || Boolean(one.shift) === event.shiftKey) &&
        (one.inFields || !isInField),
    );
    if (shortcut?.run(this.app)) event.preventDefault();
  }
}
