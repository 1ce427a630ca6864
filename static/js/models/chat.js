import { freshId, isServerId } from "../lib/protocol.js";
import { Emitter } from "../lib/emitter.js";
import { Answer } from "./answer.js";
import { Catalogue } from "./catalogue.js";
import { Conversation } from "./conversation.js";
import { accept, refuse, sendDue, takeUp, unpack } from "./delivery.js";
import { catchUp, reread } from "./reading.js";
import { Versions } from "./versions.js";

/**
 * @typedef {import("../lib/protocol.js").Frame} Frame
 * @typedef {import("../lib/protocol.js").ConversationJson} ConversationJson
 * @typedef {import("./conversation.js").Entry} Entry
 */

/**
 * What one tab knows: the shown conversation, the answers on their way, the messages not yet accepted.
 * Controllers call its methods and listen to its events; it knows no DOM.
 *
 * Events: `shown` (another conversation, or another branch), `entries` (some were added, removed or changed),
 * `answer` (an entry's answer grew), `named` (the conversation got its id), `instructed` (its instructions changed), `listed` (a change of the list:
 * {id, title?, updated_at?, deleted?}), `usage`, `offered` (what may be asked next), `refused` ({code, message}: of no message), `returned` (a refused message that is not shown here),
 * `waiting` (messages wait for a connection), `frame:ready` (the frame), `ended` (an entry).
 */
export class Chat extends Emitter {
  /**
   * @param {{socket: import("../lib/socket.js").ChatSocket, outbox: import("./outbox.js").Outbox, models: import("../lib/protocol.js").Model[],
   *   preference?: number, read?: (id: string, query?: string) => Promise<ConversationJson>}} parts
   */
  constructor({ socket, outbox, models, read, preference = 0.5 }) {
    super();
    this.socket = socket;
    this.outbox = outbox;
    this.catalogue = new Catalogue(models);
    this.read = read;
    this.preference = preference;
    this.conversation = Conversation.empty();
    this.wasReady = false;
    /** By generation id; also those whose conversation is not shown now. @type {Map<string, Answer>} */
    this.answers = new Map();
    this.versions = new Versions();
    socket.on("frame", (frame) => this.hear(frame));
    socket.on("state", (state) => {
      if (["waiting", "closed"].includes(state) && this.versions.undoAll()) this.emit("entries");
    });
  }

  // --- Showing ---

  /** @param {ConversationJson | null} json null is a new chat @param {boolean} [temporary] a new one of which nothing is stored */
  show(json, temporary = false) {
    const conversation = json ? new Conversation(json) : Conversation.empty(temporary);
    this.outbox.dropTemporary();
    this.conversation = conversation;
    for (const entry of conversation.entries) {
      if (entry.generation) this.catalogue.nameProvider(entry.generation);
      if (entry.generation?.state !== "running") continue;
      entry.answer = this.follow(entry.generation.id);
      entry.prefill = entry.text; // until it is told again
    }
    if (json) takeUp(this, this.outbox.parcels);
    this.emit("shown");
  }

  /** The answer of a running generation, heard from where this tab left off. @param {string} generationId */
  follow(generationId) {
    const known = this.answers.get(generationId);
    if (known) return known;
    const answer = new Answer(generationId);
    this.answers.set(generationId, answer);
    this.resume(answer);
    return answer;
  }

  // --- Doing ---

  /** @param {string} text @param {string} model */
  send(text, model) {
    const { conversation } = this;
    const follows = conversation.entries.findLast((entry) => entry.sending)?.client_message_id;
    const behind = conversation.running?.generation?.id;
    /** @type {Omit<import("./outbox.js").Parcel, "written_at">} */
    const parcel = { client_message_id: freshId(), conversation_id: conversation.id, text, model, preference: this.preference };
    if (follows) parcel.follows = follows;
    if (behind) parcel.behind = behind;
    if (!conversation.id && !follows && conversation.instructions) parcel.instructions = conversation.instructions;
    if (conversation.temporary) Object.assign(parcel, { temporary: true, history: conversation.history });
    conversation.ask(parcel.client_message_id, text);
    this.outbox.add(parcel);
    sendDue(this);
    this.emit("entries", { sent: true });
  }

  /** Ask a question otherwise, in a branch beside it. False while it has not been accepted. @param {Entry} old @param {string} text @param {string} model */
  edit(old, text, model) {
    if (!isServerId(old.id) || !this.conversation.byId(old.id)) return false;
    if (this.conversation.temporary) return this.askAnew(old, text, model);
    this.post(old, old.id, text, model);
    return true;
  }

  /** @param {Entry} old what is shown in its place until now @param {string} edits @param {string} text @param {string} model */
  post(old, edits, text, model) {
    const { conversation } = this;
    const parcel = { client_message_id: freshId(), conversation_id: conversation.id, text, model, preference: this.preference, edits };
    conversation.edit(old, edits, parcel.client_message_id, text);
    this.outbox.add(parcel);
    sendDue(this);
    this.emit("entries", { sent: true });
  }

  /** In a temporary chat there are no branches: the question takes the place of all from there on. @param {Entry} old @param {string} text @param {string} model */
  askAnew(old, text, model) {
    this.conversation.cut(old);
    this.send(text, model);
    return true;
  }

  /** A further version of an answer. False without a connection. @param {Entry} entry @param {{model?: string, goOn?: boolean}} [how] */
  regenerate(entry, { model = "auto", goOn = false } = {}) {
    const id = freshId();
    const question = this.conversation.before(entry);
    // An attempt that ended before its first frame has no id of its own here: its question stands for it.
    const target = isServerId(entry.id) ? entry : question;
    if (!target || !isServerId(target.id)) return false;
    if (this.conversation.temporary) return question ? this.askAnew(question, question.text, model) : false;
    const wish = { type: "chat.regenerate", message_id: target.id, model, preference: this.preference, continue: goOn, id };
    if (!this.socket.send(wish)) return false;
    const { conversation } = this;
    this.versions.add(id, { conversation, ...conversation.replaceAnswer(entry, id, goOn ? entry.text : "") });
    this.emit("entries", { sent: true });
    return true;
  }

  /** Send a message that was refused once more, as a new one. @param {Entry} question @param {string} model */
  resend(question, model) {
    const { conversation } = this;
    const answer = conversation.entries[conversation.entries.indexOf(question) + 1];
    if (answer) conversation.remove(answer);
    if (conversation.temporary) return void this.askAnew(question, question.text, model);
    if (question.edits) return void this.post(question, question.edits, question.text, model);
    conversation.remove(question);
    this.send(question.text, model);
  }

  stop() {
    const { running } = this.conversation;
    if (running?.generation) this.socket.send({ type: "chat.stop", generation_id: running.generation.id });
  }

  // --- Hearing ---

  /** @param {Frame} frame */
  hear(frame) {
    switch (frame.type) {
      case "ready":
        this.outbox.startAnew();
        for (const answer of this.answers.values()) if (answer.running) this.resume(answer);
        sendDue(this);
        void unpack(this); // what another tab has left
        if (this.wasReady) void catchUp(this);
        this.wasReady = true;
        this.emit("frame:ready", frame);
        break;
      case "chat.accepted":
        this.accepted(frame);
        break;
      case "conversation.updated":
        this.updated(frame);
        break;
      case "follow_ups":
        if (frame.conversation_id !== this.conversation.id || !Array.isArray(frame.questions)) break;
        this.conversation.offered = { after: frame.message_id, questions: frame.questions };
        this.emit("offered");
        break;
      case "usage.update":
        this.emit("usage", frame);
        break;
      case "chat.error":
        if (frame.generation_id) this.grow(frame);
        else this.refused(frame);
        break;
      default:
        if (frame.generation_id) this.grow(frame);
    }
  }

  /** @param {Frame} frame */
  grow(frame) {
    const answer = this.answers.get(frame.generation_id) ?? this.strange(frame);
    if (!answer) return;
    const wasRunning = answer.running;
    // A temporary answer went with its process: nobody knows it any more.
    const isLost = this.conversation.temporary && frame.code === "not_found";
    const result = answer.apply(isLost ? { ...frame, code: "interrupted", message: "" } : frame);
    if (result === "gap" && !answer.resuming) this.resume(answer);
    if (result !== "applied") return;
    this.catalogue.nameProvider(answer.generation);
    const entry = this.conversation.byGeneration(answer.id);
    if (!answer.running && wasRunning) {
      this.end(answer, entry);
      sendDue(this);
    } else if (entry) this.emit("answer", entry);
  }

  /** Frames may come before the acceptance that names their generation: they are kept for it. @param {Frame} frame */
  strange(frame) {
    if (frame.type === "chat.error" || typeof frame.seq !== "number") return null;
    const answer = new Answer(frame.generation_id);
    this.answers.set(answer.id, answer);
    return answer;
  }

  /** @param {Answer} answer @param {Entry | undefined} entry undefined: of a conversation that is not shown */
  end(answer, entry) {
    if (!entry) return;
    this.answers.delete(answer.id);
    if (answer.messageId) this.conversation.rename(entry, answer.messageId);
    // A continued answer that failed before its first frame keeps what it was to begin with.
    entry.text = answer.text || entry.prefill || "";
    entry.generation = { ...answer.generation, reasoning: answer.reasoning };
    this.emit("ended", entry);
    this.emit("entries");
  }

  /** @param {Frame} frame */
  accepted(frame) {
    const version = this.versions.take(frame.id);
    if (version) {
      this.bind(version.conversation, version.entry, frame.generation_id);
      return;
    }
    if (frame.client_message_id) accept(this, frame);
  }

  /**
   * A question of ours has become a row: give it and its answer their names.
   * @param {string} clientMessageId @param {string} conversationId @param {string} messageId @param {string} generationId
   */
  place(clientMessageId, conversationId, messageId, generationId) {
    const { conversation } = this;
    const question = conversation.entries.find((entry) => entry.client_message_id === clientMessageId && entry.sending);
    if (!question) return;
    const answer = conversation.entries.find((entry) => entry.waitsFor === clientMessageId);
    const twin = conversation.byId(messageId);
    if (twin && twin !== question) {
      // The page was loaded between sending and acceptance: the server's rows are shown already.
      conversation.remove(question);
      if (answer) conversation.remove(answer);
      this.emit("entries");
      return;
    }
    conversation.rename(question, messageId);
    question.sending = false;
    if (!conversation.id && !conversation.temporary) {
      conversation.id = conversationId;
      this.emit("named");
    }
    if (answer) this.bind(conversation, answer, generationId);
    // Sent twice over a lost connection, it may have been answered meanwhile.
    if (conversation.temporary && answer?.answer?.running) this.resume(answer.answer);
  }

  /** @param {Conversation} conversation @param {Entry} entry @param {string} generationId */
  bind(conversation, entry, generationId) {
    if (entry.generation?.id === generationId) return;
    entry.waitsFor = undefined;
    const known = this.answers.get(generationId);
    entry.answer = known ?? new Answer(generationId);
    this.answers.set(generationId, entry.answer);
    entry.generation = entry.answer.generation;
    if (known && !known.running && conversation === this.conversation) this.end(known, entry);
    // Heard from its middle on (or not at all, because another process runs it): ask for the start.
    else if (known && known.seq === 0 && known.resuming) this.resume(known);
    if (conversation === this.conversation) this.emit("entries");
  }

  /** Another tab, or the server, changed a conversation. @param {Frame} frame */
  updated(frame) {
    this.emit("listed", { ...frame, id: frame.conversation_id });
    const { conversation } = this;
    const own = frame.message?.client_message_id;
    if (own && conversation.entries.some((entry) => entry.client_message_id === own && entry.sending)) {
      this.place(own, frame.conversation_id, frame.message.id, frame.generation_id);
    }
    if (!conversation.id || frame.conversation_id !== conversation.id) return;
    if (frame.title && frame.title !== conversation.title) {
      conversation.title = frame.title;
      this.emit("titled");
    }
    if (frame.marked) this.mark(frame.marked.id, frame.marked.pinned);
    if (frame.generation_id && !conversation.byGeneration(frame.generation_id)) this.elsewhere(frame);
    else this.nameAnswer(frame);
  }

  /** A message is pinned, or no longer. @param {string} id @param {boolean} pinned */
  mark(id, pinned) {
    const entry = this.conversation.byId(id);
    if (!entry || entry.pinned === pinned) return;
    entry.pinned = pinned;
    this.emit("entries");
  }

  /** @param {Frame} frame */
  nameAnswer(frame) {
    const entry = frame.generation_id && this.conversation.byGeneration(frame.generation_id);
    if (entry && frame.answer?.id && entry.id !== frame.answer.id) this.conversation.rename(entry, frame.answer.id);
  }

  /** A question or a further version from another tab of the same user. @param {Frame} frame */
  elsewhere(frame) {
    const { conversation } = this;
    if (frame.message) {
      if (conversation.byId(frame.message.id)) return;
      if (frame.message.parent_id !== (conversation.last?.id ?? null)) {
        return void reread(this);
      }
      conversation.add({ ...frame.message });
      const entry = conversation.add({ id: frame.answer?.id ?? frame.generation_id, role: "assistant" });
      this.bind(conversation, entry, frame.generation_id);
      return;
    }
    const waiting = conversation.entries.find((entry) => entry.waitsFor && entry.role === "assistant");
    if (!waiting) return void reread(this);
    this.versions.forget(waiting);
    this.bind(conversation, waiting, frame.generation_id);
    this.nameAnswer(frame);
  }

  /** An error that belongs to no generation. @param {Frame} frame */
  refused(frame) {
    const failure = { code: frame.code, message: frame.message, retry_after_s: frame.retry_after_s };
    if (this.versions.undo(frame.id)) {
      this.emit("refused", failure);
      this.emit("entries");
      return;
    }
    const isShown = frame.client_message_id && refuse(this, frame.client_message_id, failure);
    if (!isShown) this.emit("refused", failure);
    else this.emit("entries");
  }

  /** @param {Answer} answer */
  resume(answer) {
    answer.resuming = this.socket.send({ type: "chat.resume", generation_id: answer.id, after: answer.seq });
  }
}
