/**
 * Markdown to elements. Marked makes HTML, DOMPurify cleans what was made (after, never before: cleaned
 * Markdown can still render to something dirty), then blocks get their furniture.
 */
import DOMPurify from "dompurify";
import { marked } from "../models/markdown.js";
import { colour, setFormula } from "./furniture.js";
import { words } from "./words.js";

const purifier = DOMPurify(window);
const ALLOWED = {
  ALLOWED_TAGS: [
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start", "title"],
  // Nothing relative: a model's answer never points into this product.
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: /** @type {const} */ (true),
};
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  }
  if (node.hasAttribute("class") && !/^(?:language-[\w+#.-]{1,30}|math(?: display)?|task)$/.test(node.className)) node.removeAttribute("class");
});

/** @param {import("marked").Token[]} tokens @param {boolean} [isClosed] false: drawn again with the next words @returns {DocumentFragment} */
export function elementsOf(tokens, isClosed = true) {
  const fragment = purifier.sanitize(marked.parser(tokens), ALLOWED);
  for (const pre of fragment.querySelectorAll("pre")) furnishCode(pre, isClosed);
  for (const table of fragment.querySelectorAll("table")) {
    const scroll = document.createElement("div");
    scroll.className = "table-scroll";
    scroll.tabIndex = 0; // it scrolls: the keyboard must reach it
    table.replaceWith(scroll);
    scroll.append(table);
  }
  for (const code of fragment.querySelectorAll("code.math")) if (code instanceof HTMLElement) setFormula(code);
  return fragment;
}

/** A whole text at once. @param {string} text */
export function markdown(text) {
  return elementsOf(marked.lexer(text));
}

/** A code block says its language and can be copied. @param {HTMLPreElement} pre @param {boolean} isClosed */
function furnishCode(pre, isClosed) {
  const code = pre.querySelector("code");
  // Marked ends every block with a line break, which would draw an empty line while the block still grows.
  if (code) code.textContent = (code.textContent ?? "").replace(/\n$/, "");
  const language = code?.className.replace("language-", "") ?? "";
  const head = document.createElement("div");
  head.className = "code-head";
  const label = document.createElement("span");
  label.textContent = language || words.code;
  const copy = document.createElement("button");
  copy.type = "button";
  copy.dataset.action = "click:copyCode";
  copy.textContent = words.copy;
  head.append(label, copy);
  const block = document.createElement("div");
  block.className = "code";
  pre.tabIndex = 0; // it scrolls: the keyboard must reach it
  pre.replaceWith(block);
  block.append(head, pre);
  if (code && isClosed) void colour(code, language);
}
