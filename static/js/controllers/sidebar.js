import { api } from "../lib/api.js";
import { words } from "../lib/words.js";
import { dayGroup } from "../models/calendar.js";
import { ConversationList } from "../models/conversation_list.js";
import { PageController } from "./page_controller.js";

/** @typedef {import("../models/conversation_list.js").Line} Line */

const SEARCH_AFTER_MS = 140;
const SKELETON_AFTER_MS = 90;

/** The list of conversations: grouped by day, searched, read on as it is scrolled; and those put away. */
export class Sidebar extends PageController {
  /** @override */
  connect() {
    this.list = this.target("list");
    this.search = /** @type {HTMLInputElement} */ (this.target("search"));
    this.template = /** @type {HTMLTemplateElement} */ (document.getElementById("conversation-line"));
    this.lines = this.app.list = new ConversationList(this.readLines(), this.list.hasAttribute("data-more"));
    this.current = this.chat.conversation.id;
    this.nearEnd = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void this.readOn(), {
      root: this.list,
      rootMargin: "300px",
    });
    this.app.page.on("lines", (/** @type {{lines: Line[], more?: boolean}} */ { lines, more = false }) => {
      if (!this.lines) return;
      [this.lines.lines, this.lines.more] = [lines, more];
      this.draw();
    });
    this.chat.on("listed", (change) => {
      if (this.lines?.apply(change, words.newChat)) this.draw();
    });
    this.app.page.on("opened", (id) => {
      this.current = id;
      this.markCurrent();
    });
    if (this.lines.more) this.list.append(this.end());
  }

  /** The server has drawn the list; its markup is the first data. @returns {Line[]} */
  readLines() {
    return [...(this.list?.querySelectorAll("a[data-conversation]") ?? [])].map((link) => ({
      id: link.getAttribute("data-conversation") ?? "",
      title: link.textContent?.trim() ?? "",
      updated_at: link.getAttribute("data-updated") ?? "",
      pinned: link.hasAttribute("data-pinned"),
      archived: false,
    }));
  }

  draw() {
    const { list, template, lines } = this;
    if (!list || !template || !lines || list.querySelector("input")) return;
    const now = new Date();
    const focused = document.activeElement?.closest("[data-line]")?.getAttribute("data-line");
    /** @type {Node[]} */
    const nodes = [];
    let group = "";
    for (const line of lines.shown) {
      const name = this.groupOf(line, now);
      if (name !== group) nodes.push(listItem("list-group", (group = name)));
      nodes.push(this.lineElement(template, line));
    }
    if (nodes.length === 0) nodes.push(listItem("list-empty", lines.found ? words.nothingFound : lines.archived ? words.nothingArchived : words.noConversations));
    if (lines.hasMore) nodes.push(this.end());
    list.replaceChildren(...nodes);
    this.markCurrent();
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-line="${CSS.escape(focused)}"] a`))?.focus();
  }

  /** @param {Line} line @param {Date} now */
  groupOf(line, now) {
    if (line.message) return words.inMessages;
    if (this.lines?.found) return words.results;
    if (this.lines?.archived) return words.archived;
    return line.pinned ? words.pinned : words[dayGroup(line.updated_at, now)];
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

  // --- Further down, and put away ---

  /** The list's end while there is more: the shape of what comes, and what asks for it when it is near. */
  end() {
    const item = listItem("list-more", "");
    item.ariaHidden = "true";
    for (const width of ["wide", "short", "wide"]) item.append(Object.assign(document.createElement("span"), { className: `skeleton-line ${width}` }));
    this.nearEnd?.disconnect();
    this.nearEnd?.observe(item);
    return item;
  }

  async readOn() {
    const { lines } = this;
    const last = lines?.shown.findLast((line) => !line.pinned) ?? lines?.shown.at(-1);
    if (!lines || !last || !lines.hasMore || this.isReadingOn) return;
    this.isReadingOn = true;
    const { shown } = lines;
    try {
      const answer = await api(`/api/conversations?behind=${last.id}${lines.archived ? "&archived=1" : ""}`);
      if (lines.shown !== shown) return; // another list is shown by now, or this one has changed: it asks again
      lines.append(answer.conversations, answer.more);
    } catch {
      if (lines.archived) lines.moreArchived = false;
      else lines.more = false;
      this.app.page.emit("toast", { text: words.notConnected });
    } finally {
      this.isReadingOn = false;
    }
    this.draw();
  }

  /** @param {Event} _event @param {HTMLElement} button */
  async toggleArchived(_event, button) {
    const { lines } = this;
    if (!lines) return;
    if (lines.archived) {
      lines.archived = null;
      button.ariaPressed = "false";
      this.draw();
      return;
    }
    const timer = setTimeout(() => this.list?.replaceChildren(this.end()), SKELETON_AFTER_MS);
    try {
      const answer = await api("/api/conversations?archived=1");
      [lines.archived, lines.moreArchived] = [answer.conversations, answer.more];
      button.ariaPressed = "true";
      this.app.page.emit("announce", answer.conversations.length > 0 ? words.archived : words.nothingArchived);
    } catch {
      this.app.page.emit("toast", { text: words.notConnected });
    }
    clearTimeout(timer);
    this.draw();
  }

  // --- Search ---

  find() {
    clearTimeout(this.searchTimer);
    const query = this.search?.value.trim() ?? "";
    this.searching?.abort();
    if (!query) {
      this.show(null);
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
        this.show(answer.conversations);
        const { messages } = await texts;
        if (!signal.aborted) this.show([...answer.conversations, ...messages.map(messageLine)]);
      } catch (error) {
        if (error instanceof DOMException) return; // a newer search took its place
        this.app.page.emit("toast", { text: words.notConnected });
      }
    }, SEARCH_AFTER_MS);
  }

  /** @param {Line[] | null} found */
  show(found) {
    if (this.lines) this.lines.found = found;
    this.draw();
  }
}

/** @param {string} className @param {string} text */
function listItem(className, text) {
  return Object.assign(document.createElement("li"), { className, textContent: text });
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
