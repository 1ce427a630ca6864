import { tooMany, trimmed } from "../models/keeping.js";
import { keysOf } from "./database.js";

/**
 * @typedef {import("./protocol.js").ConversationJson} ConversationJson
 * @typedef {import("../models/keeping.js").KeptLine} KeptLine
 * @typedef {import("../models/outbox.js").Parcel} Parcel
 */

/** What this browser keeps of one user: conversations to be read offline, messages on their way, a few facts. */
export class Shelf {
  /** @param {import("./database.js").Database} database @param {number} user */
  constructor(database, user) {
    this.database = database;
    this.user = user;
  }

  /** Keep a conversation as it was read now, and let go what is too much. @param {ConversationJson & {updated_at?: string}} shown */
  async keep(shown) {
    const { user } = this;
    const { json, bytes } = trimmed(shown);
    await this.database.run(["lines", "conversations"], "readwrite", (lines, conversations) => {
      const known = lines.getAll(keysOf(user));
      known.onsuccess = () => {
        /** @type {KeptLine[]} */
        const others = known.result.filter((/** @type {KeptLine} */ line) => line.id !== json.id);
        const line = { id: json.id, title: json.title, updated_at: shown.updated_at ?? new Date().toISOString(), read_at: Date.now(), bytes };
        lines.put({ user, ...line });
        conversations.put({ user, id: json.id, json });
        for (const id of tooMany([...others, line])) {
          lines.delete([user, id]);
          conversations.delete([user, id]);
        }
      };
      return () => null;
    });
  }

  /** @param {string} id @returns {Promise<ConversationJson | null>} */
  async read(id) {
    const row = await this.database.run(["conversations"], "readonly", (conversations) => {
      const request = conversations.get([this.user, id]);
      return () => request.result;
    });
    return row?.json ?? null;
  }

  /** What can be read without a connection, newest first. @returns {Promise<KeptLine[]>} */
  async list() {
    const rows = await this.database.run(["lines"], "readonly", (lines) => {
      const request = lines.getAll(keysOf(this.user));
      return () => request.result;
    });
    return (rows ?? []).sort((one, other) => other.updated_at.localeCompare(one.updated_at));
  }

  /** @param {string} id */
  async forget(id) {
    await this.database.run(["lines", "conversations"], "readwrite", (lines, conversations) => {
      lines.delete([this.user, id]);
      conversations.delete([this.user, id]);
      return () => null;
    });
  }

  // --- Messages on their way ---

  /** In the order they were written. @returns {Promise<Parcel[]>} */
  async parcels() {
    const rows = await this.database.run(["parcels"], "readonly", (parcels) => {
      const request = parcels.getAll(keysOf(this.user));
      return () => request.result;
    });
    return (rows ?? []).map(({ user, ...parcel }) => parcel).sort((one, other) => one.written_at - other.written_at);
  }

  /** @param {Parcel} parcel */
  putParcel(parcel) {
    return this.database.run(["parcels"], "readwrite", (parcels) => {
      parcels.put({ user: this.user, ...parcel });
      return () => null;
    });
  }

  /** @param {string} clientMessageId */
  removeParcel(clientMessageId) {
    return this.database.run(["parcels"], "readwrite", (parcels) => {
      parcels.delete([this.user, clientMessageId]);
      return () => null;
    });
  }

  // --- Facts ---

  /** @param {string} name @param {any} value */
  note(name, value) {
    return this.database.run(["facts"], "readwrite", (facts) => {
      facts.put({ user: this.user, name, value });
      return () => null;
    });
  }

  /** @param {string} name @returns {Promise<any>} */
  async noted(name) {
    const row = await this.database.run(["facts"], "readonly", (facts) => {
      const request = facts.get([this.user, name]);
      return () => request.result;
    });
    return row?.value ?? null;
  }

  /**
   * Another user sits here now. What was read goes: it can be read again. What was written and not yet sent
   * stays with who wrote it, unless that was a guest who has become this user.
   * @param {number} before @param {boolean} wasGuest
   */
  async takeOverFrom(before, wasGuest) {
    await this.database.run(["lines", "conversations", "facts", "parcels"], "readwrite", (lines, conversations, facts, parcels) => {
      for (const store of [lines, conversations, facts]) store.delete(keysOf(before));
      if (wasGuest) {
        const request = parcels.getAll(keysOf(before));
        request.onsuccess = () => {
          for (const parcel of request.result) parcels.put({ ...parcel, user: this.user });
          parcels.delete(keysOf(before));
        };
      }
      return () => null;
    });
  }
}
