/**
 * The lines of the list: the pinned ones, then the others by time; what was put away; what a search found.
 * No DOM.
 *
 * @typedef {import("../lib/protocol.js").ConversationLine & {message?: string, snippet?: {text: string, hit: boolean}[]}} Line
 *   `message` is what a search found in its texts, and `snippet` the words around it.
 * @typedef {{id: string, title?: string, updated_at?: string, deleted?: boolean, pinned?: boolean, archived?: boolean}} Change
 */
export class ConversationList {
  /** @param {Line[]} lines @param {boolean} [more] are there others behind the last one? */
  constructor(lines, more = false) {
    this.lines = lines;
    this.more = more;
    /** Those put away; null while nobody looks at them. @type {Line[] | null} */
    this.archived = null;
    this.moreArchived = false;
    /** What the search found; null while nothing is searched. @type {Line[] | null} */
    this.found = null;
    /** Those deleted here or in another tab: news of them that comes late brings none of them back. @type {Set<string>} */
    this.deleted = new Set();
  }

  get shown() {
    return this.found ?? this.archived ?? this.lines;
  }

  /** Is there more behind what is shown? */
  get hasMore() {
    return this.found ? false : this.archived ? this.moreArchived : this.more;
  }

  /** @param {string | null | undefined} id */
  find(id) {
    return [...this.lines, ...(this.archived ?? []), ...(this.found ?? [])].find((line) => line.id === id) ?? null;
  }

  /**
   * Take a change over. Only one that says `deleted: false` brings a deleted line back.
   * False: the list looks as before. @param {Change} change @param {string} untitled
   */
  apply(change, untitled) {
    if (change.deleted) this.deleted.add(change.id);
    else if (change.deleted === false) this.deleted.delete(change.id);
    else if (this.deleted.has(change.id)) return false;
    const known = this.find(change.id);
    /** @type {Line} */
    const line = {
      id: change.id,
      title: change.title || known?.title || untitled,
      updated_at: change.updated_at ?? known?.updated_at ?? "",
      pinned: change.pinned ?? known?.pinned ?? false,
      // Asking in it takes a conversation out of the archive.
      archived: change.archived ?? false,
    };
    const place = this.lines.findIndex((one) => one.id === line.id);
    const before = this.lines[place];
    const others = this.lines.filter((one) => one.id !== line.id);
    this.lines = change.deleted || line.archived ? others : [...others, line].sort(byPlace);
    if (this.archived) {
      const rest = this.archived.filter((one) => one.id !== line.id);
      this.archived = change.deleted || !line.archived ? rest : [...rest, line].sort(byPlace);
    }
    if (this.found) {
      this.found = this.found.filter((one) => !change.deleted || one.id !== line.id).map((one) => (one.id === line.id && !one.message ? line : one));
    }
    const stays = before && this.lines[place]?.id === line.id && before.title === line.title && before.pinned === line.pinned;
    return !stays || this.archived !== null;
  }

  /** What came from further down. @param {Line[]} lines @param {boolean} more */
  append(lines, more) {
    const known = new Set(this.shown.map((line) => line.id));
    const all = [...this.shown, ...lines.filter((line) => !known.has(line.id) && !this.deleted.has(line.id))];
    if (this.archived) [this.archived, this.moreArchived] = [all, more];
    else [this.lines, this.more] = [all, more];
  }
}

/** @param {Line} a @param {Line} b */
function byPlace(a, b) {
  return Number(b.pinned ?? false) - Number(a.pinned ?? false) || b.updated_at.localeCompare(a.updated_at);
}
