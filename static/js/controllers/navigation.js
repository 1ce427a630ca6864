import { words } from "../lib/words.js";
import { PageController } from "./page_controller.js";

// Faster answers than this need no skeleton.
const SKELETON_AFTER_MS = 90;

/** From conversation to conversation without loading the page anew: addresses, history, titles. */
export class Navigation extends PageController {
  /** @override */
  connect() {
    this.heading = this.target("heading");
    this.loading = this.target("loading");
    addEventListener("popstate", () => void this.open(idInAddress(), { push: false }));
    this.app.page.on("open", (id) => void this.open(id));
    this.chat.on("named", () => {
      history.replaceState(null, "", `/c/${this.chat.conversation.id}/`);
      this.app.page.emit("opened", this.chat.conversation.id);
    });
    this.chat.on("shown", () => this.drawTitle());
    this.app.page.on("temporary", () => void this.open(null, { temporary: true }));
    this.chat.on("titled", () => this.drawTitle());
  }

  /** A plain click on a conversation is ours; anything with a modifier is the browser's. @param {MouseEvent} event @param {HTMLElement} link */
  follow(event, link) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void this.open(link.dataset.conversation || null, { message: link.dataset.message });
  }

  /** @param {string | null} id null is a new chat @param {{push?: boolean, message?: string, temporary?: boolean}} [how] message: the one to be shown */
  async open(id, { push = true, message, temporary = false } = {}) {
    const wish = (this.wish = (this.wish ?? 0) + 1); // only the newest counts
    if (push && id !== idInAddress()) history.pushState(null, "", id ? `/c/${id}/` : "/");
    this.app.page.emit("opened", id);
    if (!id) {
      this.showLoading(false);
      this.chat.show(null, temporary);
      return;
    }
    const timer = setTimeout(() => this.showLoading(true), SKELETON_AFTER_MS);
    try {
      const json = await this.app.reader.read(id, message ? `?leaf=${message}` : "");
      if (wish !== this.wish) return;
      this.chat.show(json);
      this.app.page.emit("announce", words.loaded(json.title));
      if (message) this.app.page.emit("point", message);
    } catch (error) {
      if (wish !== this.wish) return;
      this.app.page.emit("toast", { text: error instanceof Error ? error.message : words.failed });
      history.replaceState(null, "", this.chat.conversation.id ? `/c/${this.chat.conversation.id}/` : "/");
      this.app.page.emit("opened", this.chat.conversation.id);
    } finally {
      clearTimeout(timer);
      if (wish === this.wish) this.showLoading(false);
    }
  }

  /** @param {boolean} on */
  showLoading(on) {
    if (this.loading) this.loading.hidden = !on;
    this.element.toggleAttribute("data-loading", on);
    if (on) this.app.page.emit("announce", words.loading);
  }

  drawTitle() {
    const { temporary } = this.chat.conversation;
    const title = temporary ? words.temporary : this.chat.conversation.title || words.newChat;
    this.element.toggleAttribute("data-temporary", temporary);
    if (this.heading) this.heading.textContent = title;
    document.title = `${title} · G-Rump`;
  }
}

/** The conversation that the address names. */
export function idInAddress() {
  return /^\/c\/([0-9a-f-]{36})\//.exec(location.pathname)?.[1] ?? null;
}
