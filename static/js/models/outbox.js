/**
 * Messages on their way: kept until the server says it has them, and sent again with the same id after
 * every reconnect (the server makes one message of them, however often it hears it).
 *
 * @typedef {object} Parcel
 * @property {string} client_message_id
 * @property {string | null} conversation_id
 * @property {string} text
 * @property {string} model
 * @property {number} [preference] for "auto": from 0, cheaper, to 1, better
 * @property {string} [instructions] for a conversation that begins
 * @property {boolean} [temporary] nothing of it may be stored, so it waits in memory alone
 * @property {{role: string, text: string}[]} [history] of a temporary one
 * @property {string} [edits] the question it takes the place of
 */
export class Outbox {
  /** @param {import("../lib/store.js").Store} store lives as long as the tab, so that a reload loses nothing */
  constructor(store) {
    this.store = store;
    /** @type {Parcel[]} */
    this.parcels = store.read("outbox") ?? [];
  }

  /** @param {Parcel} parcel */
  add(parcel) {
    this.parcels.push(parcel);
    this.save();
  }

  /** The parcel, which is then no longer on its way. @param {string} clientMessageId @returns {Parcel | undefined} */
  take(clientMessageId) {
    const parcel = this.parcels.find((one) => one.client_message_id === clientMessageId);
    this.parcels = this.parcels.filter((one) => one !== parcel);
    this.save();
    return parcel;
  }

  /** In the order they were written. @returns {import("../lib/protocol.js").Frame[]} */
  frames() {
    return this.parcels.map((parcel) => ({ type: "chat.send", ...parcel }));
  }

  /** The temporary chat was left: what waited of it goes with it. */
  dropTemporary() {
    this.parcels = this.parcels.filter((parcel) => !parcel.temporary);
  }

  save() {
    const kept = this.parcels.filter((parcel) => !parcel.temporary);
    this.store.write("outbox", kept.length > 0 ? kept : null);
  }
}
