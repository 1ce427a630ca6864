/**
 * One generation as this tab hears it: numbered frames in, text out. No DOM.
 *
 * @typedef {import("../lib/protocol.js").Frame} Frame
 * @typedef {import("../lib/protocol.js").Generation} Generation
 */
export class Answer {
  /** @param {string} generationId */
  constructor(generationId) {
    this.id = generationId;
    this.seq = 0;
    this.text = "";
    this.reasoning = "";
    /** Where the text stood when another model (`from` and `to` are their names) took over. @type {{at: number, from: string, to: string, reason: string}[]} */
    this.seams = [];
    /** Counts the times it began anew, so that a view knows to draw from empty. */
    this.beginning = 0;
    /** @type {number | null} */
    this.position = null;
    /** @type {string | null} */
    this.messageId = null;
    /** @type {Generation} */
    this.generation = { id: generationId, state: "running" };
    /** A gap was seen and the missing frames were asked for. */
    this.resuming = false;
  }

  get running() {
    return this.generation.state === "running";
  }

  /**
   * @param {Frame} frame
   * @returns {"applied" | "old" | "gap"} a gap changes nothing: ask again for everything after `seq`
   */
  apply(frame) {
    if (frame.type === "chat.queued") {
      this.position = frame.position;
      return "applied";
    }
    if (typeof frame.seq === "number") {
      // The first frame again: told from the start, by a process that knows less than this tab has seen.
      if (frame.seq === 1) this.restart();
      else if (frame.seq <= this.seq) return "old";
      else if (frame.seq > this.seq + 1) return "gap";
      this.seq = frame.seq;
      this.resuming = false;
    }
    this.take(frame);
    return "applied";
  }

  restart() {
    if (this.seq > 0) this.beginning += 1;
    this.seq = 0;
    this.text = this.reasoning = "";
    this.seams = [];
    // The same object as before: the entry that shows this answer holds it.
    for (const name of Object.keys(this.generation)) Reflect.deleteProperty(this.generation, name);
    Object.assign(this.generation, { id: this.id, state: "running" });
  }

  /** @param {Frame} frame */
  take(frame) {
    const { generation } = this;
    switch (frame.type) {
      case "chat.start":
        this.position = null;
        generation.provider = frame.provider;
        generation.model = frame.model;
        generation.tier = frame.tier;
        generation.reason = frame.reason;
        generation.cached = frame.cached;
        generation.context = frame.context ?? null;
        break;
      case "chat.delta":
        this.text += frame.text ?? "";
        this.reasoning += frame.reasoning ?? "";
        break;
      case "chat.retry":
        this.seams.push({ at: this.text.length, from: frame.from, to: frame.to, reason: frame.reason });
        generation.model = frame.to;
        break;
      case "chat.done":
        Object.assign(generation, frame.usage, frame.timing);
        generation.finish_reason = frame.finish_reason;
        generation.state = frame.finish_reason === "stopped" ? "stopped" : "complete";
        this.messageId = frame.message_id;
        break;
      case "chat.error":
        generation.state = frame.code === "interrupted" ? "interrupted" : "failed";
        generation.error = { code: frame.code, message: frame.message, retry_after_s: frame.retry_after_s };
        break;
    }
  }
}
