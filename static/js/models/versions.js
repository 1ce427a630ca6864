/**
 * Further versions of answers that were asked for and are not yet accepted. Until then the old one can
 * come back: the server may refuse, or never have heard of it.
 *
 * @typedef {import("./conversation.js").Entry} Entry
 * @typedef {{conversation: import("./conversation.js").Conversation, entry: Entry, dropped: Entry[]}} Version
 */
export class Versions {
  constructor() {
    /** By the id of the frame that asked. @type {Map<string, Version>} */
    this.waiting = new Map();
  }

  /** @param {string} id @param {Version} version */
  add(id, version) {
    this.waiting.set(id, version);
  }

  /** The version is accepted. @param {string} id @returns {Version | undefined} */
  take(id) {
    const version = this.waiting.get(id);
    this.waiting.delete(id);
    return version;
  }

  /** The version of this entry is known to run, by another way than its acceptance. @param {Entry} entry */
  forget(entry) {
    for (const [id, version] of this.waiting) if (version.entry === entry) this.waiting.delete(id);
  }

  /** Show the old version again. False if `id` asked for none. @param {string} id */
  undo(id) {
    const version = this.take(id);
    version?.conversation.restore(version.entry, version.dropped);
    return version !== undefined;
  }

  /** @returns {boolean} was there any? */
  undoAll() {
    return [...this.waiting.keys()].map((id) => this.undo(id)).length > 0;
  }
}
