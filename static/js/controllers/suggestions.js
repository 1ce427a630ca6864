import { PageController } from "./page_controller.js";

/** The first page's examples: a click writes one into the box, where it can still be changed. */
export class Suggestions extends PageController {
  /** @param {Event} _event @param {HTMLElement} node */
  use(_event, node) {
    this.app.page.emit("compose", node.textContent?.trim() ?? "");
  }
}
