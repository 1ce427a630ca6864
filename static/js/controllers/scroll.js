import { PageController } from "./page_controller.js";

const NEAR_THE_END_IN_PX = 24;

/**
 * Follows the end of the transcript until the reader scrolls up; then nothing moves under their eyes, and a
 * pill leads back. The scroller runs in reverse (0 is its end), so that the newest message is in view before
 * any script, and what is measured or added above never moves what is read.
 */
export class Scroll extends PageController {
  /** @override */
  connect() {
    this.pill = this.target("newest");
    this.height = 0;
    this.isFollowing = true;
    this.element.addEventListener("scroll", () => this.moved(), { passive: true });
    this.app.page.on("before-growth", () => {
      this.height = this.isFollowing ? 0 : this.element.scrollHeight;
    });
    this.app.page.on("after-growth", () => this.hold());
    this.app.page.on("follow", () => this.toNewest());
  }

  moved() {
    this.isFollowing = this.element.scrollTop > -NEAR_THE_END_IN_PX;
    if (this.pill) this.pill.hidden = this.isFollowing;
  }

  /** The distance to the end grew by what was added: stay where the reader is. */
  hold() {
    if (this.isFollowing) this.element.scrollTop = 0;
    else this.element.scrollTop -= this.element.scrollHeight - (this.height ?? 0);
  }

  toNewest() {
    this.isFollowing = true;
    this.element.scrollTop = 0;
    if (this.pill) this.pill.hidden = true;
  }
}
