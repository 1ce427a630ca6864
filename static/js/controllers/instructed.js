import { PageController } from "./page_controller.js";

/** The button behind which instructions are: it tells, in words too, that the shown chat has some. */
export class Instructed extends PageController {
  /** @override */
  connect() {
    this.none = this.element.ariaLabel ?? "";
    for (const event of ["shown", "instructed"]) this.chat.on(event, () => this.draw());
    this.draw();
  }

  draw() {
    const isSet = this.chat.conversation.instructions !== "";
    this.element.toggleAttribute("data-on", isSet);
    this.element.ariaLabel = isSet ? (this.element.dataset.set ?? "") : (this.none ?? "");
  }
}
