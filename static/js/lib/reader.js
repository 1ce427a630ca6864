import { api, ApiError } from "./api.js";

/**
 * Conversations, from where they are soonest: fetched before they were asked for, from the server, or, without a
 * connection, as they were when they were read last.
 *
 * @typedef {import("./protocol.js").ConversationJson} ConversationJson
 */

// What was fetched ahead is news for so long.
const FRESH_MS = 30_000;
// What a person usually opens next waits longer; the socket says if it changes, and without one it is dropped.
const LIKELY_FRESH_MS = 120_000;
// Fetched ahead for a page: so many a minute, of so many characters together.
const MOST_AHEAD = 10;
const MOST_AHEAD_SIZE = 1_000_000;
const MINUTE_MS = 60_000;
// As long as the browser may show a page that was fetched ahead (chat/fetched_ahead.py).
const PAGE_FRESH_MS = 10_000;

export class Reader {
  /**
   * @param {import("./shelf.js").Shelf} shelf
   * @param {{get?: (path: string, options?: object) => Promise<any>, page?: (path: string) => Promise<string>, now?: () => number, connection?: () => {saveData?: boolean, effectiveType?: string} | undefined}} [world] replaced in tests
   */
  constructor(shelf, { get = api, page = fetchPage, now = () => performance.now(), connection } = {}) {
    this.shelf = shelf;
    this.get = get;
    this.page = page;
    this.now = now;
    this.connection = connection ?? (() => /** @type {any} */ (navigator).connection);
    /** `done`: when it had come. @type {Map<string, {at: number, done?: number, likely: boolean, json: Promise<ConversationJson>}>} */
    this.ahead = new Map();
    /** When a page was fetched ahead. @type {Map<string, number>} */
    this.pages = new Map();
    /** Something likely was opened, so many milliseconds sooner. @type {(id: string, wonMs: number) => void} */
    this.onUsed = () => {};
    /** When something was fetched ahead, and how much it was. @type {{at: number, size: number}[]} */
    this.spent = [];
  }

  /** Throws ApiError: `offline` only for what was never read here. @param {string} id @param {string} [query] @returns {Promise<ConversationJson>} */
  async read(id, query = "") {
    const ahead = query ? undefined : this.take(id);
    try {
      return (await ahead) ?? (await this.get(path(id, query)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "not_found" && !query) void this.shelf.forget(id);
      const kept = error.code === "offline" && !query.startsWith("?before") ? await this.shelf.read(id) : null;
      if (kept) return kept;
      throw error;
    }
  }

  /**
   * Fetch what will probably be opened, within the budget, and never where data are dear or slow.
   * @param {string} id @param {{likely?: boolean}} [how] likely: by this person's pattern, not because the pointer rests there
   */
  fetchAhead(id, { likely = false } = {}) {
    if (this.fresh(id) || !this.mayFetch()) return;
    const bill = { at: this.now(), size: 0 };
    this.spent.push(bill);
    const json = this.get(path(id, likely ? "?ahead=likely" : ""), { priority: "low" });
    /** @type {{at: number, done?: number, likely: boolean, json: Promise<ConversationJson>}} */
    const kept = { at: this.now(), likely, json };
    json.then(
      (found) => {
        kept.done = this.now();
        bill.size = found.messages.reduce((/** @type {number} */ sum, /** @type {{text: string}} */ one) => sum + one.text.length, 0);
      },
      () => this.ahead.delete(id),
    );
    this.ahead.set(id, kept);
  }

  /** Nobody tells this tab what changes now. */
  dropAll() {
    this.ahead.clear();
  }

  /** The browser has it then, for as long as the server lets it. @param {string} path a page of ours */
  fetchPageAhead(path) {
    if (this.now() - (this.pages.get(path) ?? -Infinity) < PAGE_FRESH_MS || !this.mayFetch()) return;
    const bill = { at: this.now(), size: 0 };
    this.spent.push(bill);
    this.pages.set(path, this.now());
    this.page(path).then(
      (text) => (bill.size = text.length),
      () => this.pages.delete(path),
    );
  }

  /** It has changed: what was fetched ahead is old. @param {string} id */
  drop(id) {
    this.ahead.delete(id);
  }

  mayFetch() {
    const { saveData, effectiveType = "4g" } = this.connection() ?? {};
    if (saveData || effectiveType !== "4g") return false;
    const now = this.now();
    this.spent = this.spent.filter(({ at }) => now - at < MINUTE_MS);
    return this.spent.length < MOST_AHEAD && this.spent.reduce((sum, { size }) => sum + size, 0) < MOST_AHEAD_SIZE;
  }

  /** @param {string} id */
  fresh(id) {
    const found = this.ahead.get(id);
    return found && this.now() - found.at < (found.likely ? LIKELY_FRESH_MS : FRESH_MS) ? found : undefined;
  }

  /** Used once: the next time it is asked for it may have changed. @param {string} id */
  take(id) {
    const found = this.fresh(id);
    this.ahead.delete(id);
    if (found?.likely) this.onUsed(id, Math.max(0, Math.round((found.done ?? this.now()) - found.at)));
    return found?.json.catch(() => undefined);
  }
}

/** @param {string} path @returns {Promise<string>} */
async function fetchPage(path) {
  // Anew each time: it may have changed since it was last fetched ahead.
  const response = await fetch(path, { cache: "reload", priority: "low", headers: { Accept: "text/html", "X-Fetched-Ahead": "1" } });
  return response.text();
}

/** @param {string} id @param {string} query */
function path(id, query) {
  return `/api/conversations/${id}${query}`;
}
