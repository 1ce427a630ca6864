/**
 * Makes the open end of a growing text look as it will when it is finished: closes what is half open, hides
 * what is not yet readable. Pure; never used on a finished text.
 */

import { withoutHalfFormula } from "./mathematics.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
// "text\n-" would flash as a heading, "\n#" as an empty one, "\n1." and "\n|" as nothing useful.
const UNREADABLE_LINE = /\n[ \t]*(?:[-=*+_]{1,3}|#{1,6}|\d{1,3}[.)]?|>|\|[^\n]*|`{1,2}|~{1,2})[ \t]*$/;
const HALF_LINK = /!?\[([^\]\n]*)(?:\](?:\([^)\n]*)?)?$/;

/** @param {string} tail Markdown that is still being written, from the start of its block */
export function mendOpen(tail) {
  if (FENCE.test(tail)) return tail; // code is shown as it comes; an open fence runs to the end by itself
  const whole = tail.includes("`") ? tail : withoutHalfFormula(tail); // in code the same signs mean nothing
  const cut = /^[ \t]*\|/.test(whole) ? whole : whole.replace(UNREADABLE_LINE, "");
  return closeInline(cut);
}

/** @param {string} text */
function closeInline(text) {
  const start = text.lastIndexOf("\n\n") + 1;
  const [before, paragraph] = [text.slice(0, start), text.slice(start)];
  const ticks = paragraph.match(/`+/g) ?? [];
  if (ticks.length % 2 === 1) {
    const open = ticks.at(-1) ?? "`";
    return paragraph.endsWith(open) ? before + paragraph.slice(0, -open.length) : text + open;
  }
  let mended = paragraph.replace(HALF_LINK, "$1");
  const bare = mended.replace(/(`+)[\s\S]*?\1/g, "").replace(/\\[*_~]/g, "").replace(/^[ \t]*[*+-] /gm, "");
  for (const mark of ["~~", "**", "*"]) {
    const count = bare.split(mark).length - 1 - (mark === "*" ? 2 * (bare.split("**").length - 1) : 0);
    if (count % 2 === 0) continue;
    const trimmed = mended.trimEnd();
    if (trimmed.endsWith(mark)) mended = trimmed.slice(0, -mark.length);
    else mended = trimmed + mark;
  }
  return before + mended;
}
