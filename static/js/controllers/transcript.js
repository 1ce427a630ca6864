import { holdWhileFurnishing } from "../lib/furniture.js";
import { oncePerFrame } from "../lib/frame_clock.js";
import { api } from "../lib/api.js";
import { isServerId } from "../lib/protocol.js";
import { words } from "../lib/words.js";
import { readEarlier, reread } from "../models/reading.js";
import { MessageView } from "./message_view.js";
import { PageController } from "./page_controller.js";
import { fillKept } from "./kept.js";
import { why } from "./why.js";

/** @typedef {import("../models/conversation.js").Entry} Entry */

// Read as Markdown at once; older messages stay plain text until the reader comes near, so that a long
// conversation opens fast and stays small.
const DRAWN_AT_ONCE = 8;
const NEAR = "1200px";

/** The messages of the shown conversation. Knows which element belongs to which entry, and what is dirty. */
export class Transcript extends PageController {
  /** @override */
  connect() {
    /** @type {Map<string, MessageView>} */
    this.views = new Map();
    /** @type {Set<Entry>} */
    this.dirty = new Set();
    this.list = this.target("list");
    this.empty = this.target("empty");
    this.earlier = this.target("earlier");
    this.template = /** @type {HTMLTemplateElement} */ (document.getElementById("message"));
    this.approach = new IntersectionObserver((seen) => this.approached(seen), {
      root: this.element.closest(".log"),
      rootMargin: NEAR,
    });
    this.paint = oncePerFrame(() => this.paintDirty());
    holdWhileFurnishing((work) => {
      this.app.page.emit("before-growth");
      work();
      this.app.page.emit("after-growth");
    });
    this.adopt();
    this.reconcile(true);
    this.chat.on("shown", () => this.showAnew());
    this.chat.on("entries", (/** @type {{sent?: boolean, above?: boolean} | undefined} */ how) => {
      this.reconcile(how?.above);
      if (how?.sent) this.app.page.emit("follow");
    });
    this.chat.on("answer", (entry) => {
      this.dirty?.add(entry);
      this.paint?.();
    });
    this.app.socket.on("state", () => this.redrawSending());
  }

  /** Take over what the server has drawn. */
  adopt() {
    for (const element of this.list?.querySelectorAll("[data-key]") ?? []) {
      if (element instanceof HTMLElement) this.views?.set(element.dataset.key ?? "", new MessageView(element, this.chat.catalogue));
    }
  }

  showAnew() {
    this.dirty?.clear();
    this.approach?.disconnect();
    this.views?.clear();
    this.list?.replaceChildren();
    this.reconcile(true);
    this.app.page.emit("follow");
  }

  /** Make the elements those of the entries. @param {boolean} [isFirst] the newest now, the rest when they are near */
  reconcile(isFirst = false) {
    const { views, list } = this;
    if (!views || !list || !this.template || !this.empty) return;
    const { entries } = this.chat.conversation;
    const wanted = new Set(entries.map((entry) => entry.key));
    for (const [key, view] of views) {
      if (wanted.has(key)) continue;
      view.element.remove();
      views.delete(key);
    }
    /** @type {Element | null} */
    let before = null;
    for (const [index, entry] of entries.entries()) {
      const view = views.get(entry.key) ?? MessageView.create(this.template, entry, this.chat.catalogue);
      views.set(entry.key, view);
      /** @type {Element | null} */
      const next = before ? before.nextElementSibling : list.firstElementChild;
      if (next !== view.element) list.insertBefore(view.element, next);
      before = view.element;
      if (isFirst && index < entries.length - DRAWN_AT_ONCE) {
        if (view.said.textContent === "") view.said.textContent = entry.text;
        this.approach?.observe(view.element);
      } else this.draw(entry);
    }
    this.empty.hidden = entries.length > 0;
    if (this.earlier) this.earlier.hidden = !this.chat.conversation.earlier;
  }

  /** @param {IntersectionObserverEntry[]} seen */
  approached(seen) {
    const near = seen.filter((one) => one.isIntersecting).map((one) => one.target);
    if (near.length === 0) return;
    this.app.page.emit("before-growth");
    for (const element of near) {
      this.approach?.unobserve(element);
      const entry = this.entryOf(element);
      if (entry) this.draw(entry);
    }
    this.app.page.emit("after-growth");
  }

  /** @param {Entry} entry */
  draw(entry) {
    const last = this.chat.conversation.last === entry;
    const { temporary } = this.chat.conversation;
    this.views?.get(entry.key)?.draw(entry, { last, temporary, online: this.app.socket.state === "open" });
  }

  paintDirty() {
    if (!this.dirty) return;
    this.app.page.emit("before-growth");
    for (const entry of this.dirty) this.draw(entry);
    this.dirty.clear();
    this.app.page.emit("after-growth");
  }

  redrawSending() {
    for (const entry of this.chat.conversation.entries) if (entry.sending) this.draw(entry);
  }

  // --- What its markup calls ---

  /** @param {Event} _event @param {HTMLElement} node */
  async readEarlier(_event, node) {
    if (node.ariaBusy === "true") return;
    node.ariaBusy = "true";
    await readEarlier(this.chat).catch((error) => this.app.page.emit("toast", { text: error.message }));
    node.ariaBusy = null;
  }

  /** @param {Event} _event @param {HTMLElement} node */
  again(_event, node) {
    const entry = this.entryOf(node);
    if (!entry || this.chat.conversation.busy) return;
    const question = this.chat.conversation.before(entry);
    if (entry.failure && question) this.chat.resend(question, this.app.model);
    else if (!this.chat.regenerate(entry, { model: this.app.model })) this.app.page.emit("toast", { text: words.notConnected });
  }

  /** The same question to a model that is chosen now. @param {Event} _event @param {HTMLElement} node */
  againWith(_event, node) {
    const entry = this.entryOf(node);
    if (!entry || this.chat.conversation.busy) return;
    /** @param {string} model */
    const take = (model) => {
      if (!this.chat.regenerate(entry, { model })) this.app.page.emit("toast", { text: words.notConnected });
    };
    import("./choosers.js").then(
      (chunk) => chunk.openModels(this.app, { label: words.models.again, take }),
      () => this.app.page.emit("toast", { text: words.notConnected }),
    );
  }

  /** @param {Event} _event @param {HTMLElement} node */
  goOn(_event, node) {
    const entry = this.entryOf(node);
    if (!entry || this.chat.conversation.busy) return;
    if (!this.chat.regenerate(entry, { model: this.app.model, goOn: true })) {
      this.app.page.emit("toast", { text: words.notConnected });
    }
  }

  /** @param {Event} _event @param {HTMLElement} node */
  async switchTo(_event, node) {
    if (!node.dataset.leaf || this.chat.conversation.busy) return;
    await reread(this.chat, node.dataset.leaf).catch((error) => {
      this.app.page.emit("toast", { text: error.message });
    });
  }

  /** @param {Event} _event @param {HTMLElement} node */
  edit(_event, node) {
    const entry = this.entryOf(node);
    if (entry && !this.chat.conversation.busy) this.app.page.emit("edit", entry);
  }

  /** Have it sent word for word from now on, or no longer. @param {Event} _event @param {HTMLElement} node */
  async pin(_event, node) {
    const entry = this.entryOf(node);
    if (!entry || !isServerId(entry.id)) return;
    const pinned = !entry.pinned;
    this.chat.mark(entry.id, pinned);
    this.app.page.emit("announce", pinned ? words.mark.pinned : words.mark.unpinned);
    await api(`/api/messages/${entry.id}`, { method: "PATCH", body: { pinned } }).catch((error) => {
      this.chat.mark(entry.id, !pinned);
      this.app.page.emit("toast", { text: error.message });
    });
  }

  /** What was sent of the older messages, once somebody wants to see it. @param {Event} _event @param {HTMLElement} node */
  showKept(_event, node) {
    const entry = this.entryOf(node);
    const details = node.closest("details");
    if (entry && details) void fillKept(details, entry).catch((error) => this.app.page.emit("toast", { text: error.message }));
  }

  /** @param {Event} _event @param {HTMLElement} node */
  copyMessage(_event, node) {
    void copy(node, this.entryOf(node)?.text ?? "");
  }

  /** @param {Event} _event @param {HTMLElement} node */
  copyCode(_event, node) {
    void copy(node, node.closest(".code")?.querySelector("code")?.textContent ?? "");
  }

  /** @param {Event} _event @param {HTMLElement} node */
  rate(_event, node) {
    const entry = this.entryOf(node);
    if (!entry?.generation) return;
    import("./rating.js").then(
      (chunk) => chunk.rate(this.app, entry, node, () => this.draw(entry)),
      () => this.app.page.emit("toast", { text: words.notConnected }),
    );
  }

  /** @param {Event} _event @param {HTMLElement} node */
  why(_event, node) {
    const generation = this.entryOf(node)?.generation;
    if (generation) why(node, generation);
  }

  /** @param {Element} node */
  entryOf(node) {
    const element = node.closest("[data-key]");
    const key = element instanceof HTMLElement ? element.dataset.key : "";
    return this.chat.conversation.entries.find((entry) => entry.key === key);
  }
}

/** @param {HTMLElement} button @param {string} text */
async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = words.copied;
  } catch {
    button.textContent = words.copyFailed;
  }
  setTimeout(() => (button.textContent = label), 1600);
}
