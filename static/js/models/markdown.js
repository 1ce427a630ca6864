/**
 * How Markdown is read here. Makes HTML that is *not* clean yet: lib/markdown.js cleans what comes out.
 * No DOM.
 */
import { Marked } from "marked";
import { words } from "../lib/words.js";
import { mathematics } from "./mathematics.js";

// An answer's title stands below the page's and the message's own.
const HEADINGS_ABOVE = 2;

// A plain object: Marked takes over only what a loop over its names finds, and a class's methods are hidden from that.
const renderer = {
  /** Raw HTML is shown as what it is: text. @param {{text: string, block?: boolean}} token */
  html({ text, block }) {
    if (/^<br\s*\/?>$/i.test(text.trim())) return "<br>";
    return block ? `<p>${escaped(text.trim())}</p>` : escaped(text);
  },

  /** A picture from elsewhere tells its host who reads: a link says which host, and asks first. @param {{href: string, text: string}} token */
  image({ href, text }) {
    const host = URL.canParse(href) ? new URL(href).host : "";
    // Of this product, or of no place at all: there is nothing to be opened.
    if (!host) return escaped(text || href);
    return `<a href="${escaped(href)}">${escaped(words.image(text, host))}</a>`;
  },

  /**
   * Something to do has its box where others have their dot.
   * @this {any}
   * @param {{task: boolean, tokens: import("marked").Token[]}} token
   */
  listitem(token) {
    const { task, tokens } = token;
    return `<li${task ? ' class="task"' : ""}>${this.parser.parse(tokens)}</li>\n`;
  },

  /** @param {{checked: boolean}} token */
  checkbox({ checked }) {
    return checked ? "☑ " : "☐ ";
  },

  /**
   * @this {any}
   * @param {{depth: number, tokens: import("marked").Token[]}} token
   */
  heading(token) {
    const { depth, tokens } = token;
    const level = Math.min(6, depth + HEADINGS_ABOVE);
    return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
  },
};

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export const marked = new Marked({ gfm: true, renderer }, mathematics);
