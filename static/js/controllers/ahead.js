import { api } from "../lib/api.js";
import { PageController } from "./page_controller.js";

// A pointer that only passes by rests on nothing this long.
const INTENT_MS = 65;
// What is read next is asked about when nothing else is going on, and not again for a while.
const ASKED_EVERY_MS = 60_000;
// The pages that the chat leads to.
const PAGES = ["/usage/", "/settings/"];

/** Conversations, and the pages beside the chat, are fetched before they are asked for: where the pointer rests, where the focus is, what is likely next. */
export class Ahead extends PageController {
  /** @override */
  connect() {
    const { element, app } = this;
    element.addEventListener("pointerover", ({ target }) => this.intend(target));
    element.addEventListener("pointerout", () => clearTimeout(this.timer));
    element.addEventListener("focusin", ({ target }) => this.intend(target));
    // Its click brings the focus along: what is opened is not fetched once more.
    element.addEventListener("click", () => clearTimeout(this.timer));
    this.chat.on("listed", ({ id }) => app.reader.drop(id));
    app.socket.on("state", (state) => state === "open" || app.reader.dropAll());
    app.reader.onUsed = (id, wonMs) => app.socket.send({ type: "conversation.opened", conversation_id: id, won_ms: wonMs });
    if (app.isShell) return;
    addEventListener("load", () => this.whenIdle());
    this.chat.on("shown", () => document.readyState === "complete" && this.whenIdle());
  }

  /** @param {EventTarget | null} target */
  intend(target) {
    clearTimeout(this.timer);
    const link = target instanceof Element ? target.closest("a[href]") : null;
    const path = link?.getAttribute("href") ?? "";
    if (PAGES.includes(path) && !this.app.isShell) this.timer = setTimeout(() => this.app.reader.fetchPageAhead(path), INTENT_MS);
    const id = link?.getAttribute("data-conversation");
    if (!id || link?.hasAttribute("data-message") || id === this.chat.conversation.id) return;
    this.timer = setTimeout(() => this.app.reader.fetchAhead(id), INTENT_MS);
  }

  whenIdle() {
    const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 2000));
    idle(() => void this.fetchLikely(), { timeout: 10_000 });
  }

  /** Only in a page that is looked at. The server knows what this person usually opens at this hour, after this one, and whether that pays. */
  async fetchLikely() {
    const now = performance.now();
    if (document.visibilityState !== "visible" || now - (this.asked ?? -ASKED_EVERY_MS) < ASKED_EVERY_MS) return;
    if (!this.app.reader.mayFetch()) return;
    this.asked = now;
    const current = this.chat.conversation.id ?? "";
    const { conversations } = await api(`/api/conversations/likely?current=${current}`, { priority: "low" }).catch(() => ({ conversations: [] }));
    for (const id of conversations) this.app.reader.fetchAhead(id, { likely: true });
  }
}
