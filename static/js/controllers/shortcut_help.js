import { dialog, keycaps, make } from "../lib/dialog.js";
import { words } from "../lib/words.js";
import { isModifier, legible, written } from "../models/combos.js";

/** @typedef {import("../models/shortcuts.js").Action} Action */

/** @param {import("./page_controller.js").App} app */
export function openHelp(app) {
  document.querySelectorAll("dialog[open]").forEach((one) => one instanceof HTMLDialogElement && one.close());
  new Help(app);
}

/** The table of shortcuts, readable and changeable. */
class Help {
  /** @param {import("./page_controller.js").App} app */
  constructor(app) {
    this.app = app;
    /** Whose keys are being pressed anew. @type {Action | null} */
    this.changing = null;
    this.element = dialog("sheet-dialog", words.keys.title);
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.body = make("div", "shortcut-groups");
    this.status = make("p", "quiet");
    this.status.role = "status";
    this.resetButton = button(words.keys.reset, "button", () => this.reset());
    const close = button(words.close, "button", () => this.element.close());
    this.element.append(make("h2", "", words.keys.title), this.body, this.status, make("div", "form-actions", this.resetButton, close));
    this.draw();
    this.element.showModal();
  }

  draw() {
    const { actions } = this.app.shortcuts;
    const groups = Object.entries(words.keys.groups).map(([name, title]) => {
      const lines = actions.filter((action) => action.group === name).map((action) => this.line(action));
      const heading = make("h3", "", title);
      return make("section", "", heading, make("dl", "shortcuts", ...lines));
    });
    this.body.replaceChildren(...groups);
    this.resetButton.hidden = !this.app.shortcuts.isChanged;
  }

  /** @param {Action} action */
  line(action) {
    const { shortcuts } = this.app;
    const value = make("dd");
    if (this.changing === action) value.append(make("span", "quiet", words.keys.press));
    else for (const combo of shortcuts.keysOf(action)) value.append(keycaps(legible(combo, shortcuts.isMac)));
    if (!action.fixed) {
      const change = button(words.keys.change, "link-button", () => this.begin(action));
      change.ariaLabel = words.keys.changeOf(action.title);
      change.dataset.shortcut = action.name;
      value.append(change);
    }
    return make("div", "", make("dt", "", action.title), value);
  }

  /** @param {Action} action */
  begin(action) {
    this.changing = action;
    this.say(words.keys.howTo);
    this.redraw(action);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { changing } = this;
    if (!changing || event.isComposing || isModifier(event.key)) return;
    // Tab still leads on: nobody is caught in here.
    if (event.key === "Tab") return void this.end(changing, "");
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return void this.end(changing, "");
    const { shortcuts } = this.app;
    const combo = ["Backspace", "Delete"].includes(event.key) ? null : written(event, shortcuts.isMac);
    const result = shortcuts.rebind(changing, combo);
    if (result === "writes") this.say(words.keys.writes);
    else if (result === "kept") {
      this.app.page.emit("rebound");
      this.end(changing, words.keys.kept);
    } else this.say(words.keys.taken(result.title));
  }

  /** @param {Action} action @param {string} text */
  end(action, text) {
    this.changing = null;
    this.say(text);
    this.redraw(action);
  }

  /** Drawing must not lose the place. @param {Action} action */
  redraw(action) {
    this.draw();
    /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-shortcut="${action.name}"]`))?.focus();
  }

  reset() {
    this.app.shortcuts.reset();
    this.app.page.emit("rebound");
    this.say(words.keys.kept);
    this.draw();
    this.body.querySelector("button")?.focus();
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
  }
}

/** @param {string} text @param {string} className @param {() => void} press */
function button(text, className, press) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", press);
  return element;
}
