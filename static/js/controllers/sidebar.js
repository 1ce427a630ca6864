import { api } from "../lib/api.js";
import { words } from "../lib/words.js";
import { dayGroup } from "../models/calendar.js";
import { PageController } from "./page_controller.js";
import { renameInPlace } from "./rename.js";
import { besides } from "./why.js";

/**
 * `message` is what a search found in its texts, and `snippet` the words around it.
 *
 * @typedef {import("../lib/protocol.js").ConversationLine & {message?: string, snippet?: {text: string, hit: boolean}[]}} Line
 */

const SEARCH_AFTER_MS = 140;

/** The list of conversations: grouped by day, searched by title, renamed and deleted in place. */
export class Sidebar extends PageController {
  /** @override */
  connect() {
    this.list = this.target("list");
    this.menu = this.target("menu");
    this.search = /** @type {HTMLInputElement} */ (this.target("search"));
    this.template = /** @type {HTMLTemplateElement} */ (document.getElementById("conversation-line"));
    /** @type {Line[]} */
    this.lines = this.readLines();
    /** What the search found; null while nothing is searched. @type {Line[] | null} */
    this.found = null;
    /** @type {Line | null} */
    this.chosen = null;
    this.current = this.chat.conversation.id;
    this.chat.on("listed", (change) => this.changed(change));
    this.app.page.on("opened", (id) => {
      this.current = id;
      this.markCurrent();
    });
  }

  /** The server has drawn the list; its markup is the first data. @returns {Line[]} */
  readLines() {
    return [...(this.list?.querySelectorAll("a[data-conversation]") ?? [])].map((link) => ({
      id: link.getAttribute("data-conversation") ?? "",
      title: link.textContent?.trim() ?? "",
      updated_at: link.getAttribute("data-updated") ?? "",
    }));
  }

  /** @param {{id: string, title?: string, updated_at?: string, deleted?: boolean}} change */
  changed({ id, title, updated_at: updatedAt, deleted }) {
    const lines = this.lines ?? [];
    const known = lines.find((line) => line.id === id);
    const rest = lines.filter((line) => line.id !== id);
    const line = { id, title: title || known?.title || words.newChat, updated_at: updatedAt ?? known?.updated_at ?? "" };
    this.lines = deleted ? rest : [...rest, line].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
    const wasFirst = known && lines[0]?.id === id && known.title === line.title && !deleted;
    if (!wasFirst) this.draw();
  }

  draw() {
    const { list, template } = this;
    if (!list || !template || list.querySelector("input")) return;
    const now = new Date();
    const lines = this.found ?? this.lines ?? [];
    const focused = document.activeElement?.closest("[data-line]")?.getAttribute("data-line");
    /** @type {Node[]} */
    const nodes = [];
    let group = "";
    for (const line of lines) {
      const name = line.message ? words.inMessages : this.found ? words.results : words[dayGroup(line.updated_at, now)];
      if (name !== group) nodes.push(heading((group = name)));
      nodes.push(this.lineElement(template, line));
    }
    if (lines.length === 0) nodes.push(emptyLine(this.found ? words.nothingFound : words.noConversations));
    list.replaceChildren(...nodes);
    this.markCurrent();
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-line="${CSS.escape(focused)}"] a`))?.focus();
  }

  /** @param {HTMLTemplateElement} template @param {Line} line */
  lineElement(template, line) {
    const item = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    item.dataset.line = line.id;
    const link = /** @type {HTMLAnchorElement} */ (item.querySelector("a"));
    link.href = `/c/${line.id}/`;
    link.dataset.conversation = line.id;
    link.dataset.updated = line.updated_at;
    link.textContent = line.title;
    if (line.message) {
      link.dataset.message = line.message;
      link.append(snippetOf(line.snippet ?? []));
    }
    item.querySelector("button")?.setAttribute("aria-label", words.more(line.title));
    return item;
  }

  markCurrent() {
    for (const link of this.list?.querySelectorAll("a[data-conversation]") ?? []) {
      if (link.getAttribute("data-conversation") === this.current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  // --- Search ---

  find() {
    clearTimeout(this.searchTimer);
    const query = this.search?.value.trim() ?? "";
    this.searching?.abort();
    if (!query) {
      this.found = null;
      this.draw();
      return;
    }
    this.searchTimer = setTimeout(async () => {
      this.searching = new AbortController();
      try {
        const { signal } = this.searching;
        const wish = encodeURIComponent(query);
        const texts = api(`/api/search?q=${wish}`, { signal }).catch((error) => {
          if (!(error instanceof DOMException)) this.app.page.emit("toast", { text: words.notConnected });
          return { messages: [] };
        });
        const answer = await api(`/api/conversations?q=${wish}`, { signal });
        this.found = answer.conversations;
        this.draw();
        const { messages } = await texts;
        if (signal.aborted) return;
        this.found = [...answer.conversations, ...messages.map(messageLine)];
        this.draw();
      } catch (error) {
        if (error instanceof DOMException) return; // a newer search took its place
        this.app.page.emit("toast", { text: words.notConnected });
      }
    }, SEARCH_AFTER_MS);
  }

  // --- The menu behind a line ---

  /** @param {Event} _event @param {HTMLElement} button */
  more(_event, button) {
    const id = button.closest("[data-line]")?.getAttribute("data-line");
    this.chosen = [...(this.lines ?? []), ...(this.found ?? [])].find((line) => line.id === id) ?? null;
    if (!this.menu || !this.chosen) return;
    for (const link of this.menu.querySelectorAll("a")) link.href = `/api/conversations/${this.chosen.id}/export?as=${link.dataset.as}`;
    this.menu.showPopover();
    besides(this.menu, button);
    this.menu.querySelector("button")?.focus();
  }

  /** F2 and Delete on a line do what its menu does. @param {KeyboardEvent} event */
  lineKey(event) {
    const id = event.target instanceof Element ? event.target.closest("[data-line]")?.getAttribute("data-line") : null;
    if (!id || event.target instanceof HTMLInputElement) return;
    this.chosen = (this.lines ?? []).find((line) => line.id === id) ?? null;
    if (event.key === "F2") this.rename();
    else if (event.key === "Delete") void this.remove();
    else return;
    event.preventDefault();
  }

  rename() {
    const { chosen: line } = this;
    this.menu?.hidePopover();
    const item = line && this.list?.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
    if (!line || !(item instanceof HTMLElement)) return;
    renameInPlace(item, line.title, async (title) => {
      const before = line.title;
      if (title && title !== before) {
        this.retitle(line, title);
        await api(`/api/conversations/${line.id}`, { method: "PATCH", body: { title } }).catch((error) => {
          this.retitle(line, before);
          this.app.page.emit("toast", { text: error.message });
        });
      } else this.draw();
    });
  }

  /** @param {Line} line @param {string} title */
  retitle(line, title) {
    line.title = title;
    this.draw();
    if (line.id !== this.chat.conversation.id) return;
    this.chat.conversation.title = title;
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
    if (this.found) this.found = this.found.filter((one) => one.id !== line.id);
    this.changed({ ...line, deleted: true });
    const wasShown = line.id === this.chat.conversation.id;
    if (wasShown) this.app.page.emit("open", null);
    this.app.page.emit("toast", { text: words.deleted(line.title), undo: () => void this.restore(line, wasShown) });
  }

  /** @param {Line} line @param {boolean} show */
  async restore(line, show) {
    await api(`/api/conversations/${line.id}/restore`, { method: "POST" });
    this.changed(line);
    if (show) this.app.page.emit("open", line.id);
  }
}

/** @param {string} text */
function heading(text) {
  const item = document.createElement("li");
  item.className = "list-group";
  item.textContent = text;
  return item;
}

/** @param {string} text */
function emptyLine(text) {
  const item = document.createElement("li");
  item.className = "list-empty";
  item.textContent = text;
  return item;
}

/** @param {any} found a message of `/api/search` @returns {Line} */
function messageLine(found) {
  return { id: found.conversation_id, title: found.title, updated_at: found.created_at, message: found.message_id, snippet: found.snippet };
}

/** @param {{text: string, hit: boolean}[]} pieces */
function snippetOf(pieces) {
  const snippet = document.createElement("span");
  snippet.className = "snippet";
  for (const { text, hit } of pieces) {
    const piece = document.createElement(hit ? "mark" : "span");
    piece.textContent = text;
    snippet.append(piece);
  }
  return snippet;
}
