import { isServerId } from "../lib/protocol.js";

// As chat/protocol.py bounds them; a frame holds the question besides.
const HISTORY_CHARACTERS = 150_000;
const HISTORY_MESSAGES = 400;

/**
 * The branch of a conversation that is shown. An entry is a message with what this tab alone knows of it.
 *
 * @typedef {import("../lib/protocol.js").Message} Message
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {Message & {key: string, sending?: boolean, failure?: import("../lib/protocol.js").Failure,
 *   answer?: Answer, waitsFor?: string, prefill?: string, edits?: string}} Entry
 *   `key` never changes, so that a view keeps its element while the message gets its id from the server;
 *   `edits` is the question that this one took the place of; `waitsFor` is the id of the frame whose acceptance will name the generation.
 */
export class Conversation {
  /** @param {{id: string | null, title: string, messages: Message[], earlier?: boolean, instructions?: string, temporary?: boolean,
   *   leaf_id?: string | null, follow_ups?: string[]}} json */
  constructor({ id, title, messages, earlier = false, instructions = "", temporary = false, leaf_id = null, follow_ups = [] }) {
    this.id = id;
    this.title = title;
    /** What its model is told before everything else. */
    this.instructions = instructions;
    /** Nothing of it is stored, here or on the server. */
    this.temporary = temporary;
    /** What may be asked after the message `after`. */
    this.offered = { after: leaf_id, questions: follow_ups };
    /** Are there messages above the first one? */
    this.earlier = earlier;
    /** @type {Entry[]} */
    this.entries = messages.map((message) => ({ ...message, key: message.id }));
  }

  static empty(temporary = false) {
    return new Conversation({ id: null, title: "", messages: [], temporary });
  }

  /** What may be asked now: under the last answer, once it is there. */
  get followUps() {
    return !this.busy && this.last?.id === this.offered.after ? this.offered.questions : [];
  }

  /** What was said so far, for a server that keeps none of it: the newest that fit into a frame. */
  get history() {
    const said = this.entries.filter((entry) => entry.text && !entry.sending).map(({ role, text }) => ({ role, text }));
    let room = HISTORY_CHARACTERS;
    const first = said.findLastIndex(({ text }) => (room -= text.length) < 0) + 1;
    return said.slice(Math.max(first, said.length - HISTORY_MESSAGES));
  }

  /** Take an entry and all that follows it away. @param {Entry} entry */
  cut(entry) {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index);
  }

  /** As the server would tell it, of what is certain; null while it has no name, or must not be kept. @returns {import("../lib/protocol.js").ConversationJson | null} */
  asRead() {
    if (!this.id || this.temporary) return null;
    const messages = this.entries
      .filter((entry) => isServerId(entry.id))
      .map(({ id, parent_id, role, text, created_at, siblings, generation, answer }) => ({
        id, parent_id, role, created_at, siblings,
        text: answer?.running ? answer.text : text,
        generation: generation && { ...generation },
      }));
    return { id: this.id, title: this.title, leaf_id: messages.at(-1)?.id ?? null, messages, earlier: this.earlier };
  }

  /** Put older messages above. @param {{messages: Message[], earlier?: boolean}} json */
  prepend({ messages, earlier = false }) {
    const known = new Set(this.entries.map((entry) => entry.id));
    const fresh = messages.filter((message) => !known.has(message.id));
    this.entries.unshift(...fresh.map((message) => ({ ...message, key: message.id })));
    this.earlier = earlier && fresh.length > 0;
  }

  /** @param {string} id */
  byId(id) {
    return this.entries.find((entry) => entry.id === id);
  }

  /** @param {string} generationId */
  byGeneration(generationId) {
    return this.entries.find((entry) => entry.generation?.id === generationId);
  }

  get last() {
    return this.entries.at(-1);
  }

  /** Is an answer on its way? */
  get busy() {
    return this.running !== undefined || this.entries.some((entry) => entry.waitsFor !== undefined);
  }

  get running() {
    return this.entries.findLast((entry) => entry.generation?.state === "running");
  }

  /** @param {Entry} entry */
  before(entry) {
    return this.entries[this.entries.indexOf(entry) - 1];
  }

  /** Draw a question at once, and the place of its answer. @param {string} clientMessageId @param {string} text */
  ask(clientMessageId, text) {
    const question = this.add({ id: clientMessageId, role: "user", text, sending: true, client_message_id: clientMessageId });
    const answer = this.add({ id: `${clientMessageId}/answer`, role: "assistant", waitsFor: clientMessageId });
    return { question, answer };
  }

  /**
   * Put an edited question in the place of one; what followed belongs to the other branch.
   * @param {Entry} old @param {string} edits the server's id of the question @param {string} clientMessageId @param {string} text
   */
  edit(old, edits, clientMessageId, text) {
    // One that was refused has no place among the wordings.
    const ids = (old.siblings?.ids ?? [old.id]).filter((id) => id === edits || id !== old.id);
    this.entries.splice(this.entries.indexOf(old));
    const { question } = this.ask(clientMessageId, text);
    question.parent_id = old.parent_id;
    question.edits = edits;
    question.siblings = { index: ids.length, count: ids.length + 1, ids: [...ids, clientMessageId] };
  }

  /** @param {Partial<Entry> & {id: string, role: Message["role"]}} message @returns {Entry} */
  add(message) {
    const parent = this.last;
    /** @type {Entry} */
    const entry = {
      key: message.id, parent_id: parent?.id ?? null, text: "", generation: null,
      created_at: new Date().toISOString(), ...message,
    };
    this.entries.push(entry);
    return entry;
  }

  /**
   * Put a further version in place of an answer; what followed belongs to the other branch.
   * @param {Entry} old @param {string} waitsFor @param {string} prefill
   */
  replaceAnswer(old, waitsFor, prefill = "") {
    const index = this.entries.indexOf(old);
    const dropped = this.entries.splice(index);
    const ids = old.siblings?.ids ?? [old.id];
    const entry = this.add({
      id: waitsFor, role: "assistant", waitsFor, prefill,
      siblings: { index: ids.length, count: ids.length + 1, ids: [...ids, waitsFor] },
    });
    return { entry, dropped };
  }

  /** Undo `replaceAnswer`. @param {Entry} entry @param {Entry[]} dropped */
  restore(entry, dropped) {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, this.entries.length - index, ...dropped);
  }

  /** Give an entry the id the server has for it. @param {Entry} entry @param {string} id */
  rename(entry, id) {
    if (entry.siblings) {
      entry.siblings.ids = entry.siblings.ids.map((one) => (one === entry.id ? id : one));
    }
    for (const other of this.entries) if (other.parent_id === entry.id) other.parent_id = id;
    entry.id = id;
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
  }
}
