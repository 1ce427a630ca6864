import { PageController } from "./page_controller.js";

// A pointer that only passes by rests on nothing this long.
const INTENT_MS = 65;
// What is read next is probably what stands at the top of the list; it is fetched when nothing else is going on.
const LIKELY_NEXT = 2;
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
    this.chat.on("listed", ({ id }) => app.reader.drop(id));
    if (app.isShell) return;
    const whenIdle = window.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 2000));
    addEventListener("load", () => whenIdle(() => this.fetchLikely(), { timeout: 10_000 }));
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

  /** Only in a page that is looked at, and into a chat that has just begun: who reads one has what they want. */
  fetchLikely() {
    if (this.chat.conversation.id || document.visibilityState !== "visible") return;
    const links = [...this.element.querySelectorAll("a[data-conversation]:not([data-conversation=''])")].slice(0, LIKELY_NEXT);
    for (const link of links) this.app.reader.fetchAhead(link.getAttribute("data-conversation") ?? "");
  }
}
