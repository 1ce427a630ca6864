/**
 * What blocks get after they were drawn: code its colours, formulas their shape. Made in workers, cleaned
 * here (after, as everything), and put in place with the next frame.
 */
import DOMPurify from "dompurify";
import { Bench } from "./bench.js";
import { oncePerFrame } from "./frame_clock.js";

// Characters; beyond it colours cost more than they help.
const LONGEST_CODE = 40_000;
const FORMULAS_KEPT = 300;

const highlighter = new Bench(() => import("../workers/highlight.js"));
const mathematics = new Bench(() => import("../workers/mathematics.js"));

const purifier = DOMPurify(window);
const COLOURED = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: /** @type {const} */ (true) };
// No style, no href, no annotation: MathML's shape and nothing else.
const FORMULA = {
  ALLOWED_TAGS: [
    "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot", "mrow",
    "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none",
  ],
  ALLOWED_ATTR: [
    "accent", "accentunder", "class", "columnalign", "columnspan", "depth", "dir", "display", "displaystyle", "fence", "form", "height",
    "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowspan", "rspace",
    "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
  ],
  RETURN_DOM_FRAGMENT: /** @type {const} */ (true),
};
// Only the two libraries' own names: a class of the page's would borrow its looks.
purifier.addHook("afterSanitizeAttributes", (node) => {
  const names = (node.getAttribute("class") ?? "").split(" ").filter((name) => /^(?:hljs-|tml-)[\w-]+$|^[a-z]+_$/.test(name));
  if (names.length > 0) node.setAttribute("class", names.join(" "));
  else node.removeAttribute("class");
});

/** Replaced by whoever keeps the reader's place while something grows. @type {(work: () => void) => void} */
let held = (work) => work();

/** @param {(work: () => void) => void} hold */
export function holdWhileFurnishing(hold) {
  held = hold;
}

/** @type {(() => void)[]} */
const ready = [];
const place = oncePerFrame(() => held(() => ready.splice(0).forEach((work) => work())));

/** @param {() => void} work */
function soon(work) {
  ready.push(work);
  place();
}

/** Colours, in place of the same characters without. @param {HTMLElement} code @param {string} language */
export async function colour(code, language) {
  const text = code.textContent ?? "";
  if (!language || text.length > LONGEST_CODE) return;
  const html = await highlighter.ask({ code: text, language });
  if (html === null || !code.isConnected) return;
  const fragment = purifier.sanitize(html, COLOURED);
  // Never at the price of a character: what is copied is what was said.
  if (fragment.textContent === text) soon(() => code.replaceChildren(fragment));
}

/** By their source; newest last. A streamed paragraph is drawn anew each frame, its formulas are not. @type {Map<string, Promise<string | null> | DocumentFragment | null>} */
const formulas = new Map();

/** @param {HTMLElement} source the element that shows the TeX */
export function setFormula(source) {
  const tex = source.textContent ?? "";
  const display = source.classList.contains("display");
  const key = `${display ? "d" : "i"}${tex}`;
  const known = formulas.get(key);
  if (known instanceof DocumentFragment) source.replaceWith(known.cloneNode(true));
  else if (known !== null) void setLater(source, key, known ?? mathematics.ask({ tex, display }));
}

/** @param {HTMLElement} source @param {string} key @param {Promise<string | null>} asked */
async function setLater(source, key, asked) {
  formulas.set(key, asked);
  if (formulas.size > FORMULAS_KEPT) formulas.delete(formulas.keys().next().value ?? "");
  const html = await asked;
  const made = formulas.get(key);
  const fragment = made instanceof DocumentFragment ? made : html === null ? null : purifier.sanitize(html, FORMULA);
  formulas.set(key, fragment);
  if (fragment) soon(() => source.isConnected && source.replaceWith(fragment.cloneNode(true)));
}
