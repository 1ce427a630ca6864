/**
 * Messages on their way: kept until the server says it has them, and sent again with the same id after every
 * reconnect (the server makes one message of them, however often and from however many tabs it hears it).
 * Several of one conversation go one after the other: each when the one before it has been answered.
 *
 * @typedef {object} Parcel
 * @property {string} client_message_id
 * @property {string | null} conversation_id null: of a chat the server has not named yet
 * @property {string} text
 * @property {string} model
 * @property {number} [preference] for "auto": from 0, cheaper, to 1, better
 * @property {string} [instructions] for a conversation that begins
 * @property {boolean} [temporary] nothing of it may be stored, so it waits in memory alone
 * @property {{role: string, text: string}[]} [history] of a temporary one
 * @property {string} [edits] the question it takes the place of
 * @property {number} written_at milliseconds; the order
 * @property {string} [follows] the message before it, while that one is on its way too
 * @property {string} [behind] the answer that has to end first, by its generation
 * @property {boolean} [again] the server may have it already, and its answer have begun, or ended
 */

/** @typedef {{parcels(): Promise<Parcel[]>, putParcel(parcel: Parcel): Promise<any>, removeParcel(id: string): Promise<any>}} Keep */

export class Outbox {
  /** @param {Keep} keep survives the page and its browser @param {() => number} [now] */
  constructor(keep, now = Date.now) {
    this.keep = keep;
    this.now = now;
    /** @type {Parcel[]} */
    this.parcels = [];
    /** Sent over the connection there is. @type {Set<string>} */
    this.sent = new Set();
    /** What a slow read must not bring back. @type {Set<string>} */
    this.gone = new Set();
  }

  /** Take in what is kept: what was written before this page was loaded, or in another tab. */
  async load() {
    const kept = (await this.keep.parcels()).filter(({ client_message_id: id }) => !this.gone.has(id) && !this.find(id));
    for (const parcel of kept) parcel.again = true;
    this.parcels = [...kept, ...this.parcels].sort((one, other) => one.written_at - other.written_at);
    return kept;
  }

  /** @param {Omit<Parcel, "written_at">} parcel */
  add(parcel) {
    // Never before or beside the last one: clocks go back.
    const written = Math.max(this.now(), (this.parcels.at(-1)?.written_at ?? 0) + 1);
    const whole = { ...parcel, written_at: written };
    this.parcels.push(whole);
    this.save(whole);
  }

  /** @param {string} clientMessageId */
  find(clientMessageId) {
    return this.parcels.find((one) => one.client_message_id === clientMessageId);
  }

  /** The parcel, which is then no longer on its way. @param {string} clientMessageId @returns {Parcel | undefined} */
  take(clientMessageId) {
    const parcel = this.find(clientMessageId);
    this.gone.add(clientMessageId);
    this.parcels = this.parcels.filter((one) => one !== parcel);
    void this.keep.removeParcel(clientMessageId);
    return parcel;
  }

  /**
   * The one before them has become a row: what follows knows its conversation now, and waits for its answer.
   * @param {string} clientMessageId @param {string} conversationId @param {string} generationId
   * @returns {boolean} does anything follow?
   */
  advance(clientMessageId, conversationId, generationId) {
    const followers = this.parcels.filter((one) => one.follows === clientMessageId);
    for (const parcel of followers) {
      Object.assign(parcel, { conversation_id: conversationId, behind: generationId, follows: undefined });
      this.save(parcel);
    }
    return followers.length > 0;
  }

  /** The temporary chat was left: what waited of it goes with it. */
  dropTemporary() {
    this.parcels = this.parcels.filter((parcel) => !parcel.temporary);
  }

  /** Keep it beyond the page, if it may be. @param {Parcel} parcel */
  save(parcel) {
    if (!parcel.temporary) void this.keep.putParcel({ ...parcel });
  }

  /** Everything that waits for this one, directly or not. @param {string} clientMessageId @returns {Parcel[]} */
  followers(clientMessageId) {
    const direct = this.parcels.filter((one) => one.follows === clientMessageId);
    return direct.flatMap((one) => [one, ...this.followers(one.client_message_id)]);
  }

  /** A new connection: nothing has gone over it yet. But over the last one, or from another tab, perhaps. */
  startAnew() {
    for (const parcel of this.parcels) parcel.again = true;
    this.sent.clear();
  }

  /**
   * What may go now, in order, each once a connection.
   * @param {(generationId: string) => boolean} isRunning
   * @returns {import("../lib/protocol.js").Frame[]}
   */
  due(isRunning) {
    const ready = this.parcels.filter(
      ({ client_message_id: id, follows, behind }) =>
        !this.sent.has(id) && !(follows && this.find(follows)) && !(behind && isRunning(behind)),
    );
    for (const { client_message_id: id } of ready) this.sent.add(id);
    return ready.map(frame);
  }

  /** Not sent after all: the connection went in the same moment. @param {string} clientMessageId */
  unsent(clientMessageId) {
    this.sent.delete(clientMessageId);
  }
}

/** @param {Parcel} parcel @returns {import("../lib/protocol.js").Frame} */
function frame({ written_at, follows, behind, again, ...said }) {
  return { type: "chat.send", ...said };
}
