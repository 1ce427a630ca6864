import { words } from "../lib/words.js";
import { PageController } from "./page_controller.js";

/** The one status line for screen readers. The transcript itself is quiet: nobody wants to hear every word twice. */
export class Announcer extends PageController {
  /** @override */
  connect() {
    this.app.page.on("announce", (text) => this.say(text));
    this.chat.on("entries", (how) => {
      if (how?.sent) this.say(words.generating);
    });
    this.chat.on("ended", (entry) => {
      const state = entry.generation?.state;
      this.say(state === "complete" ? words.complete : state === "stopped" ? words.stopped : words.failed);
    });
  }

  /** @param {string} text */
  say(text) {
    this.element.textContent = text;
  }
}
