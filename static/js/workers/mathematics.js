/**
 * TeX to MathML, which browsers draw themselves: no fonts to load, no inline styles, read aloud as what it
 * is. The page loads this file for its address alone; the work begins where there is no document.
 */
import { serve } from "./serve.js";

export const address = import.meta.url;

// Characters. A formula is short; what is longer stays as it was written.
const LONGEST = 4000;

if (typeof document === "undefined") {
  const temml = import("temml");
  serve(async ({ tex, display }) => {
    if (tex.length > LONGEST) return null;
    const { default: engine } = await temml;
    // Thrown, not drawn in red: half a formula is better shown as its source.
    return engine.renderToString(tex, { displayMode: display, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 20] });
  });
}
