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
// Beyond this they are plain text again: what was read once does not stay for ever. More than NEAR, or a reader at
// the border would have the same message drawn and taken down in turns.
const FAR = "5000px";
// What stands above is asked for before the reader has come to its end.
const ABOVE = "2500px";
// The last two are laid out always (message.css), so that taking them down would move something.
const NEVER_FOLDED = 2;

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
    this.leave = new IntersectionObserver((seen) => this.left(seen), { root: this.element.closest(".log"), rootMargin: FAR });
    this.above = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void this.readOn(), {
      root: this.element.closest(".log"),
      rootMargin: ABOVE,
    });
    this.paint = oncePerFrame(() => this.paintDirty());
    holdWhileFurnishing((work) => {
      this.app.page.emit("before-growth");
      work();
      this.app.page.emit("after-growth");
    });
    this.adopt();
    this.reconcile(true);
    this.above.observe(this.earlier);
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
    this.leave?.disconnect();
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
      this.approach?.unobserve(view.element);
      this.leave?.unobserve(view.element);
      views.delete(key);
    }
    /** @type {Element | null} */
    let before = null;
    for (const [index, entry] of entries.entries()) {
      const known = views.get(entry.key);
      const view = known ?? MessageView.create(this.template, entry, this.chat.catalogue);
      views.set(entry.key, view);
      /** @type {Element | null} */
      const next = before ? before.nextElementSibling : list.firstElementChild;
      if (next !== view.element) list.insertBefore(view.element, next);
      before = view.element;
      if (isFirst && index < entries.length - DRAWN_AT_ONCE && view.isUntouched) {
        if (view.said.textContent === "") view.said.textContent = entry.text;
        view.isFar = true;
      } else if (!view.isFar) this.draw(entry);
      if (view.isUntouched) this.watch(view);
    }
    this.empty.hidden = entries.length > 0;
    if (this.earlier) this.earlier.hidden = !this.chat.conversation.earlier;
  }

  /** @param {MessageView} view */
  watch(view) {
    view.isUntouched = false;
    this.approach?.observe(view.element);
    this.leave?.observe(view.element);
  }

  /** @param {IntersectionObserverEntry[]} seen */
  approached(seen) {
    const entries = seen.filter((one) => one.isIntersecting).map((one) => this.entryOf(one.target));
    const near = entries.filter((entry) => entry && this.views?.get(entry.key)?.isFar);
    if (near.length === 0) return;
    this.app.page.emit("before-growth");
    for (const entry of near) if (entry) this.draw(entry);
    this.app.page.emit("after-growth");
  }

  /** Their place keeps its size: what is out of sight has the one it last had (message.css). @param {IntersectionObserverEntry[]} seen */
  left(seen) {
    const { entries } = this.chat.conversation;
    for (const { isIntersecting, target } of seen) {
      const entry = isIntersecting ? undefined : this.entryOf(target);
      const view = entry && this.views?.get(entry.key);
      if (!entry || !view || view.isFar || entries.indexOf(entry) >= entries.length - NEVER_FOLDED) continue;
      if (entry.sending || entry.waitsFor || entry.generation?.state === "running") continue;
      if (target.contains(document.activeElement) || getSelection()?.containsNode(target, true)) continue;
      view.fold(entry);
    }
  }

  /** @param {Entry} entry */
  draw(entry) {
    const last = this.chat.conversation.last === entry;
    const { temporary } = this.chat.conversation;
    const view = this.views?.get(entry.key);
    if (view) view.isFar = false;
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

  /** The messages above, asked for by the button or because the reader comes near it. */
  async readEarlier() {
    const { earlier } = this;
    if (!earlier || earlier.hidden || earlier.ariaBusy === "true") return;
    earlier.ariaBusy = "true";
    await readEarlier(this.chat).catch((error) => this.app.page.emit("toast", { text: error.message }));
    earlier.ariaBusy = null;
  }

  async readOn() {
    const { earlier, above } = this;
    if (!earlier || !above) return;
    const { length } = this.chat.conversation.entries;
    await this.readEarlier();
    if (this.chat.conversation.entries.length === length) return; // it failed: the button is there
    // Still near? An observer tells of changes only.
    above.unobserve(earlier);
    above.observe(earlier);
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
