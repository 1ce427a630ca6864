/**
 * Markdown that grows. Blocks that are closed (another block has begun after them) are handed over once and
 * never looked at again; only the open tail is read anew, so that the cost of a word does not grow with the
 * answer. No DOM: it turns text into marked's tokens.
 *
 * @typedef {import("marked").Token} Token
 * @typedef {{closed: Token[], open: Token[]}} Step `closed` is new since the last step; `open` replaces the last tail
 */
import { mendOpen } from "./open_markdown.js";

// `[name]: address` anywhere changes links that came before it.
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

export class MarkdownStream {
  /** @param {(text: string) => Token[]} lexer */
  constructor(lexer) {
    this.lexer = lexer;
    /** How many characters are in closed blocks. */
    this.closedAt = 0;
  }

  /** @param {string} text the whole text so far; it only ever grows @returns {Step} */
  grow(text) {
    const tail = text.slice(this.closedAt);
    const tokens = this.lexer(tail);
    const last = tokens.findLastIndex((token) => token.type !== "space");
    const closed = tokens.slice(0, Math.max(0, last));
    const length = closed.reduce((sum, token) => sum + token.raw.length, 0);
    // Marked may normalise what it reads (tabs, line ends); then its lengths are not ours, and the tail stays open.
    if (!tail.startsWith(closed.map((token) => token.raw).join(""))) return { closed: [], open: tokens };
    this.closedAt += length;
    const open = tail.slice(length);
    return { closed, open: length === 0 && mendOpen(open) === open ? tokens : this.lexer(mendOpen(open)) };
  }

  /** The end of the text: must everything be read again, because what was closed has changed its meaning? @param {string} text */
  static mustReread(text) {
    return DEFINITION.test(text);
  }
}
