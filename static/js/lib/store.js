/**
 * What this browser remembers, one JSON value a key. A full or forbidden storage forgets in silence: the
 * page works without it.
 */
export class Store {
  /** @param {Storage} storage @param {string} prefix keeps two users of one browser apart */
  constructor(storage, prefix) {
    this.storage = storage;
    this.prefix = prefix;
  }

  /** @param {string} key @returns {any} */
  read(key) {
    try {
      return JSON.parse(this.storage.getItem(this.prefix + key) ?? "null");
    } catch {
      return null;
    }
  }

  /** Null forgets. @param {string} key @param {any} value */
  write(key, value) {
    try {
      if (value === null || value === "") this.storage.removeItem(this.prefix + key);
      else this.storage.setItem(this.prefix + key, JSON.stringify(value));
    } catch {
      // full or forbidden
    }
  }
}
