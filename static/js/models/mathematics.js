/**
 * Formulas in Markdown, in the notations that models write: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. An extension
 * for marked; what it makes shows the TeX, and lib/furniture.js sets it. Pure.
 */

const DISPLAY = /^ {0,3}(?:\$\$([^]+?)\$\$|\\\[([^]+?)\\\])[ \t]*(?:\n+|$)/;
// A price is no formula: after the opening sign and before the closing one stands no space, after it no digit.
const INLINE = /^(?:\$\$([^$\n]+?)\$\$|\\\[([^\n]+?)\\\]|\\\(([^\n]+?)\\\)|\$(?![\s$])((?:\\.|[^$\\\n])*?)(?<!\s)\$(?![\d$]))/;

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** @type {import("marked").MarkedExtension} */
export const mathematics = {
  extensions: [
    {
      name: "display_formula",
      level: "block",
      start: (source) => {
        const at = source.search(/(?:^|\n) {0,3}(?:\$\$|\\\[)/);
        return at < 0 ? undefined : at;
      },
      tokenizer: (source) => {
        const match = DISPLAY.exec(source);
        const tex = (match?.[1] ?? match?.[2])?.trim();
        return match && tex ? { type: "display_formula", raw: match[0], tex } : undefined;
      },
      renderer: (token) => `<p><code class="math display">${escaped(token.tex)}</code></p>\n`,
    },
    {
      name: "formula",
      level: "inline",
      start: (source) => {
        const at = source.search(/\$|\\[([]/);
        return at < 0 ? undefined : at;
      },
      tokenizer: (source) => {
        const match = INLINE.exec(source);
        if (!match) return undefined;
        const tex = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").trim();
        return tex ? { type: "formula", raw: match[0], tex, display: (match[1] ?? match[2]) !== undefined } : undefined;
      },
      renderer: (token) => `<code class="math${token.display ? " display" : ""}">${escaped(token.tex)}</code>`,
    },
  ],
};

/** The text up to a formula that is still being written: half of one cannot be read. @param {string} text */
export function withoutHalfFormula(text) {
  const signs = [...text.matchAll(/\$\$/g)];
  let end = signs.length % 2 === 1 ? (signs.at(-1)?.index ?? text.length) : text.length;
  for (const [open, close] of [["\\[", "\\]"], ["\\(", "\\)"]]) {
    const at = text.lastIndexOf(open ?? "");
    if (at >= 0 && text.indexOf(close ?? "", at) < 0) end = Math.min(end, at);
  }
  return text.slice(0, end);
}
