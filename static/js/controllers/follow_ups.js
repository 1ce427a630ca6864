import { PageController } from "./page_controller.js";

/** What may be asked next, under the last answer. A click asks it. */
export class FollowUps extends PageController {
  /** @override */
  connect() {
    for (const event of ["shown", "entries", "offered"]) this.chat.on(event, () => this.draw());
    this.draw();
  }

  draw() {
    const questions = this.app.preferences.follow_ups ? this.chat.conversation.followUps : [];
    const shown = [...this.element.children].map((button) => button.textContent);
    if (shown.join("\n") === questions.join("\n")) return;
    this.app.page.emit("before-growth");
    this.element.replaceChildren(...questions.map((question) => this.button(question)));
    this.element.hidden = questions.length === 0;
    this.app.page.emit("after-growth");
  }

  /** @param {string} question */
  button(question) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = question;
    button.dataset.action = "click:ask";
    return button;
  }

  /** @param {Event} _event @param {HTMLElement} node */
  ask(_event, node) {
    if (this.chat.conversation.busy || !node.textContent) return;
    this.chat.send(node.textContent, this.app.model);
    document.getElementById("text")?.focus();
  }
}
