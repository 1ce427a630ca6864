import { PageController } from "./page_controller.js";

const NEAR_THE_END_IN_PX = 24;
const POINTED_MS = 2500;

/**
 * Follows the end of the transcript until the reader scrolls up; then nothing moves under their eyes, and a
 * pill leads back. The scroller runs in reverse (0 is its end), so that the newest message is in view before
 * any script, and what is added above never moves what is read. What grows below would: it is held.
 */
export class Scroll extends PageController {
  /** @override */
  connect() {
    this.pill = this.target("newest");
    this.isFollowing = true;
    /** The message at the top of the view, and how far from it. @type {{element: Element, top: number} | null} */
    this.held = null;
    /** How far it stands from where it should: a browser scrolls by whole pixels, and what it left out would add up. */
    this.owed = 0;
    this.element.addEventListener("scroll", () => this.moved(), { passive: true });
    this.app.page.on("before-growth", () => {
      this.held = this.isFollowing ? null : this.topMost();
    });
    this.app.page.on("after-growth", () => this.hold());
    this.app.page.on("follow", () => this.toNewest());
    this.app.page.on("point", (/** @type {string} */ id) => this.pointTo(id));
  }

  moved() {
    this.isFollowing = this.element.scrollTop > -NEAR_THE_END_IN_PX;
    if (this.pill) this.pill.hidden = this.isFollowing;
  }

  topMost() {
    const edge = this.element.getBoundingClientRect().top;
    const messages = [...this.element.querySelectorAll(".message")];
    const element = messages.find((one) => one.getBoundingClientRect().bottom > edge);
    return element ? { element, top: element.getBoundingClientRect().top - (this.owed ?? 0) } : null;
  }

  hold() {
    if (this.isFollowing) this.element.scrollTop = this.owed = 0;
    else if (this.held) {
      const wanted = this.element.scrollTop + this.held.element.getBoundingClientRect().top - this.held.top;
      this.element.scrollTop = wanted;
      this.owed = Math.abs(wanted - this.element.scrollTop) < 1 ? wanted - this.element.scrollTop : 0;
    }
  }

  /** Bring a message into view and set it off for a moment. @param {string} id */
  pointTo(id) {
    const message = this.element.querySelector(`.message[data-key="${CSS.escape(id)}"]`);
    if (!(message instanceof HTMLElement)) return; // further up than what is loaded
    this.isFollowing = false;
    message.scrollIntoView({ block: "center" });
    message.toggleAttribute("data-pointed", true);
    setTimeout(() => message.removeAttribute("data-pointed"), POINTED_MS);
  }

  toNewest() {
    this.isFollowing = true;
    this.element.scrollTop = 0;
    if (this.pill) this.pill.hidden = true;
  }
}
