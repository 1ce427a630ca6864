/**
 * TeX to MathML, which browsers draw themselves: no fonts to load, no inline styles, read aloud as what it
 * is. The page loads this file for its address alone; the work begins where there is no document.
 */
import { serve } from "./serve.js";

export const address = import.meta.url;

// Characters. A formula is short; what is longer stays as it was written.
const LONGEST = 4000;

/**
 * The policy forbids inline styles, and parsing one is already reported, before anything could remove it.
 * In Temml's markup `<` and `>` stand for tags alone; those of the text are escaped.
 * @param {string} markup
 */
function withoutStyles(markup) {
  return markup.replace(/<[^>]*>/g, (tag) => tag.replace(/\sstyle="[^"]*"/g, ""));
}

if (typeof document === "undefined") {
  const temml = import("temml");
  serve(async ({ tex, display }) => {
    if (tex.length > LONGEST) return null;
    const { default: engine } = await temml;
    // Thrown, not drawn in red: half a formula is better shown as its source.
    const markup = engine.renderToString(tex, { displayMode: display, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 20] });
    return withoutStyles(markup);
  });
}
