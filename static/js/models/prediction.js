import { Emitter } from "../lib/emitter.js";
import { freshId } from "../lib/protocol.js";

/**
 * @typedef {{text: string, confidence: number, kind: string, replaces: number}} Suggestion
 * @typedef {{suggestion: Suggestion, at: number, taken: boolean}} Shown
 */

export const WAIT_MS = 60; // after a key: who types on has no use for the answer
const MOST_TEXT = 8_000; // characters before the caret that the server reads
const MOST_SHOWN = 500; // of one message, for the report
const SIGNS = ",.;:?!)";

/**
 * What may come next, while somebody writes. Knows the text and the suggestions, no DOM.
 *
 * Only the newest text is answered: a frame with another id is stale. While one types along with a suggestion it
 * stays, shorter by what was typed. Event: `changed` (the suggestions are others now).
 */
export class Prediction extends Emitter {
  /**
   * @param {{socket: import("../lib/socket.js").ChatSocket, setTimeout?: (run: () => void, ms: number) => any,
   *   clearTimeout?: (timer: any) => void}} parts
   */
  constructor({ socket, setTimeout, clearTimeout }) {
    super();
    this.socket = socket;
    this.setTimeout = setTimeout ?? ((run, ms) => globalThis.setTimeout(run, ms));
    this.clearTimeout = clearTimeout ?? ((timer) => globalThis.clearTimeout(timer));
    this.text = "";
    /** @type {Suggestion[]} */
    this.suggestions = [];
    /** What was on the screen while this message was written. @type {Shown[]} */
    this.shown = [];
    /** Where a space was put that nobody typed, or -1. */
    this.space = -1;
    this.asked = "";
    /** @type {any} */
    this.timer = null;
    socket.on("frame", (frame) => {
      if (frame.type === "predict.result") this.hear(frame);
    });
  }

  /** @returns {Suggestion | undefined} */
  get first() {
    return this.suggestions[0];
  }

  /** The text is another now. @param {string} text @param {string | null} conversationId */
  write(text, conversationId) {
    const typed = text.startsWith(this.text) ? text.slice(this.text.length) : null;
    this.text = text;
    this.clearTimeout(this.timer);
    this.asked = "";
    this.show(typed === null ? [] : this.left(typed));
    if (text.trim() === "") return;
    this.timer = this.setTimeout(() => this.ask(conversationId), WAIT_MS);
  }

  /** What is left of the suggestions after typing along with them. @param {string} typed */
  left(typed) {
    if (typed === "") return this.suggestions;
    return this.suggestions
      .filter((one) => one.replaces === 0 && one.text.length > typed.length && one.text.startsWith(typed))
      .map((one) => ({ ...one, text: one.text.slice(typed.length) }));
  }

  /** @param {string | null} conversationId */
  ask(conversationId) {
    this.asked = freshId();
    const sent = this.socket.send({ type: "predict", id: this.asked, text: this.text.slice(-MOST_TEXT), conversation_id: conversationId });
    if (!sent) this.asked = "";
  }

  /** @param {import("../lib/protocol.js").Frame} frame */
  hear(frame) {
    if (frame.id !== this.asked || !Array.isArray(frame.suggestions)) return;
    this.asked = "";
    this.show(frame.suggestions);
    if (this.shown.length < MOST_SHOWN) {
      for (const suggestion of this.suggestions.slice(0, 1)) this.shown.push({ suggestion, at: this.text.length, taken: false });
    }
  }

  /** @param {Suggestion[]} suggestions */
  show(suggestions) {
    if (suggestions.length === 0 && this.suggestions.length === 0) return;
    this.suggestions = suggestions;
    this.emit("changed");
  }

  /** No suggestion until the text changes. */
  dismiss() {
    this.clearTimeout(this.timer);
    this.asked = "";
    this.show([]);
  }

  /**
   * What taking a suggestion, or its next word, does to the text.
   * @param {Suggestion} suggestion @param {boolean} [onlyWord]
   * @returns {{remove: number, insert: string}} letters to be removed from the end, and what comes in their place
   */
  take(suggestion, onlyWord = false) {
    const word = onlyWord ? (/^\s*\S+/.exec(suggestion.text)?.[0] ?? suggestion.text) : suggestion.text;
    const whole = word.length === suggestion.text.length;
    const mark = this.shown.findLast((one) => one.suggestion === suggestion || one.suggestion.text.endsWith(suggestion.text));
    if (mark) mark.taken = true;
    const spaced = whole && suggestion.kind !== "code" && /\p{L}$/u.test(word);
    this.space = spaced ? this.text.length - suggestion.replaces + word.length : -1;
    return { remove: suggestion.replaces, insert: spaced ? `${word} ` : word };
  }

  /**
   * A space that came with a suggestion gives way to the sign or the space that is typed after it.
   * @param {string} text @returns {string | null} what the text should be instead
   */
  tidied(text) {
    const at = this.space;
    if (at < 0 || text.length <= at + 1) return null;
    this.space = -1;
    const next = text[at + 1] ?? "";
    if (text[at] !== " " || text.length !== at + 2 || !` ${SIGNS}`.includes(next)) return null;
    return text.slice(0, at) + next;
  }

  /** The message is sent: tell what became of what was shown. @param {string} text */
  report(text) {
    /** @type {Record<string, {shown: number, right: number, taken: number, expected: number}>} */
    const kinds = {};
    for (const { suggestion, at, taken } of this.shown) {
      const kind = (kinds[suggestion.kind] ??= { shown: 0, right: 0, taken: 0, expected: 0 });
      const right = taken || text.startsWith(suggestion.text, at - suggestion.replaces);
      kind.shown += 1;
      kind.right += right ? 1 : 0;
      kind.taken += taken ? 1 : 0;
      kind.expected += Math.min(suggestion.confidence, 1);
    }
    if (this.shown.length > 0) this.socket.send({ type: "predict.outcome", kinds });
    this.shown = [];
    this.space = -1;
  }
}
