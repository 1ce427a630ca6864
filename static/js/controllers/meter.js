import { words } from "../lib/words.js";
import { count, duration, spent } from "../models/say.js";
import { PageController } from "./page_controller.js";

const TIGHT = 0.8;

/** What is left of today: always there once known, and quiet below 80 %. */
export class Meter extends PageController {
  /** @override */
  connect() {
    this.chat.on("usage", (usage) => this.draw(usage));
  }

  /** @param {import("../lib/protocol.js").Frame} usage */
  draw({ requests, cost_usd: cost, resets_at: resetsAt }) {
    if (!requests) return;
    if (!requests.limit) {
      // Nothing to run out of: the count alone, and the way to the page.
      this.target("used").textContent = count(requests.used);
      this.target("limit").textContent = words.requestsToday;
      this.target("bar").hidden = true;
      this.element.hidden = false;
      return;
    }
    this.target("bar").hidden = false;
    const share = Math.min(1, requests.used / requests.limit);
    this.target("used").textContent = count(requests.used);
    this.target("limit").textContent = `/ ${count(requests.limit)} ${words.requestsToday}`;
    const bar = /** @type {HTMLProgressElement} */ (this.target("bar"));
    bar.value = share;
    this.element.dataset.tight = String(share >= TIGHT);
    const wait = resetsAt ? duration(Math.max(0, new Date(resetsAt).getTime() - Date.now())) : "";
    this.target("reset").textContent = words.resetsIn(wait, spent(cost?.used ?? 0));
    this.element.hidden = false;
  }
}
