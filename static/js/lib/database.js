/**
 * The one IndexedDB of this browser: `lines` (what is known of each kept conversation), `conversations` (their
 * messages), `parcels` (messages on their way) and `facts`. Every key begins with a user's id. Without
 * IndexedDB, or with one that is forbidden or full, everything is as if nothing had been kept.
 */
export const DATABASE = "grump";
const VERSION = 1;

export class Database {
  constructor() {
    /** @type {Promise<IDBDatabase | null> | null} */
    this.opening = null;
    /** Somebody logged out, or a newer page wants another shape: this page keeps nothing any more. */
    this.ended = false;
  }

  /** @returns {Promise<IDBDatabase | null>} */
  open() {
    this.opening ??= new Promise((resolve) => {
      try {
        const request = indexedDB.open(DATABASE, VERSION);
        request.onupgradeneeded = () => shape(request.result);
        request.onerror = request.onblocked = () => resolve(null);
        request.onsuccess = () => {
          const { result } = request;
          // Never in the way of its removal: who logs out in another tab must not wait for this one.
          result.onversionchange = () => this.end(result);
          resolve(result);
        };
      } catch {
        resolve(null);
      }
    });
    return this.opening;
  }

  /** @param {IDBDatabase} database */
  end(database) {
    this.ended = true;
    database.close();
  }

  /**
   * One transaction; null where it could not be done. `work` asks, and says what to answer with once all is written.
   * @template T
   * @param {string[]} stores @param {IDBTransactionMode} mode
   * @param {(...stores: IDBObjectStore[]) => () => T} work
   * @returns {Promise<T | null>}
   */
  async run(stores, mode, work) {
    const database = await this.open();
    if (!database || this.ended) return null;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(stores, mode);
        const answer = work(...stores.map((name) => transaction.objectStore(name)));
        transaction.oncomplete = () => resolve(answer());
        transaction.onerror = transaction.onabort = () => resolve(null);
      } catch {
        resolve(null); // closed under our hands
      }
    });
  }
}

/** @param {IDBDatabase} database */
function shape(database) {
  database.createObjectStore("lines", { keyPath: ["user", "id"] });
  database.createObjectStore("conversations", { keyPath: ["user", "id"] });
  database.createObjectStore("parcels", { keyPath: ["user", "client_message_id"] });
  database.createObjectStore("facts", { keyPath: ["user", "name"] });
}

/** Every key of one user's. @param {number} user */
export function keysOf(user) {
  return IDBKeyRange.bound([user], [user, []]);
}
