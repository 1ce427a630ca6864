import { allowance } from "../models/allowance.js";
import { duration } from "../models/say.js";
import { PageController } from "./page_controller.js";

const HIDDEN = "allowance-hidden";

/**
 * The line above the composer, near the end of the day's allowance: from 80 % on a calm one that can be put
 * away for the day, at 100 % one that stays and says when it comes back and what still works.
 */
export class Allowance extends PageController {
  /** @override */
  connect() {
    this.day = "";
    this.chat.on("usage", (usage) => this.draw(usage));
  }

  /** @param {any} usage the frame `usage.update` */
  draw(usage) {
    this.day = usage.resets_at ?? "";
    const wait = duration(Math.max(0, new Date(this.day).getTime() - Date.now()));
    const { state, text } = allowance(usage, wait);
    const isHidden = state === "fine" || (state === "tight" && this.app.store.read(HIDDEN) === this.day);
    if (this.target("words").textContent !== text) this.target("words").textContent = text;
    this.target("hide").hidden = state === "full";
    this.element.dataset.state = state;
    this.element.hidden = isHidden;
  }

  hide() {
    this.app.store.write(HIDDEN, this.day);
    this.element.hidden = true;
  }
}
