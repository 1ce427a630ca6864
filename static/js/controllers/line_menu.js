import { api } from "../lib/api.js";
import { words } from "../lib/words.js";
import { PageController } from "./page_controller.js";
import { renameInPlace } from "./rename.js";
import { besides } from "./why.js";

/** @typedef {import("../models/conversation_list.js").Line} Line */

/** What can be done to a conversation, in the menu behind its line: a new name, a place, a file, an end. */
export class LineMenu extends PageController {
  /** @override */
  connect() {
    this.menu = this.target("menu");
    /** @type {Line | null} */
    this.chosen = null;
  }

  /** @param {Event} _event @param {HTMLElement} button */
  more(_event, button) {
    this.chosen = this.lineOf(button);
    if (!this.menu || !this.chosen) return;
    for (const link of this.menu.querySelectorAll("a")) link.href = `/api/conversations/${this.chosen.id}/export?as=${link.dataset.as}`;
    this.say("pin", this.chosen.pinned);
    this.say("archive", this.chosen.archived);
    this.menu.showPopover();
    besides(this.menu, button);
    this.menu.querySelector("button")?.focus();
  }

  /** The words of a button that goes two ways. @param {string} name @param {boolean} [isOn] */
  say(name, isOn = false) {
    const button = this.target(name);
    button.textContent = (isOn ? button.dataset.on : button.dataset.off) ?? "";
  }

  /** F2 and Delete on a line do what its menu does. @param {KeyboardEvent} event */
  lineKey(event) {
    if (!(event.target instanceof Element) || event.target instanceof HTMLInputElement) return;
    this.chosen = this.lineOf(event.target);
    if (!this.chosen) return;
    if (event.key === "F2") this.rename();
    else if (event.key === "Delete") void this.remove();
    else return;
    event.preventDefault();
  }

  /** @param {Element} element */
  lineOf(element) {
    return this.app.list?.find(element.closest("[data-line]")?.getAttribute("data-line")) ?? null;
  }

  rename() {
    const { chosen: line } = this;
    this.menu?.hidePopover();
    const item = line && this.element.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
    if (!line || !(item instanceof HTMLElement)) return;
    renameInPlace(item, line.title, (title) => {
      if (title && title !== line.title) void this.change(line, { title });
      else this.chat.emit("listed", { ...line, title: line.title });
    });
  }

  pin() {
    const { chosen: line } = this;
    this.menu?.hidePopover();
    if (line) void this.change(line, { pinned: !line.pinned }, line.pinned ? words.unpinned(line.title) : words.pinnedOne(line.title));
  }

  archive() {
    const { chosen: line } = this;
    this.menu?.hidePopover();
    if (!line) return;
    const archived = !line.archived;
    void this.change(line, { archived }).then((isDone) => {
      if (!isDone) return;
      const text = archived ? words.archivedOne(line.title) : words.unarchived(line.title);
      this.app.page.emit("toast", { text, undo: () => void this.change(line, { archived: !archived, pinned: line.pinned ?? false }) });
    });
  }

  /** Shown at once, taken back where the server refuses. @param {Line} line @param {Partial<Line>} wish @param {string} [said] */
  async change(line, wish, said = "") {
    this.tell({ ...line, ...wish });
    try {
      const { id: _, instructions: __, ...listed } = await api(`/api/conversations/${line.id}`, { method: "PATCH", body: wish });
      this.tell({ id: line.id, ...listed });
      if (said) this.app.page.emit("announce", said);
      return true;
    } catch (error) {
      this.tell(line);
      this.app.page.emit("toast", { text: error instanceof Error ? error.message : words.failed });
      return false;
    }
  }

  /** @param {Line} line */
  tell(line) {
    this.chat.emit("listed", line);
    if (line.id !== this.chat.conversation.id) return;
    this.chat.conversation.title = line.title;
    this.chat.emit("titled");
  }

  async remove() {
    const { chosen: line } = this;
    this.menu?.hidePopover();
    if (!line) return;
    try {
      await api(`/api/conversations/${line.id}`, { method: "DELETE" });
    } catch (error) {
      this.app.page.emit("toast", { text: error instanceof Error ? error.message : words.failed });
      return;
    }
    this.chat.emit("listed", { ...line, deleted: true });
    const wasShown = line.id === this.chat.conversation.id;
    if (wasShown) this.app.page.emit("open", null);
    this.app.page.emit("toast", { text: words.deleted(line.title), undo: () => void this.restore(line, wasShown) });
  }

  /** @param {Line} line @param {boolean} show */
  async restore(line, show) {
    await api(`/api/conversations/${line.id}/restore`, { method: "POST" });
    this.chat.emit("listed", { ...line, deleted: false });
    if (show) this.app.page.emit("open", line.id);
  }
}
