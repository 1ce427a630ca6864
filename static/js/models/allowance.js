/** How near the end of the day's allowance is, and in which words that is said. Pure. */
import { words } from "../lib/words.js";

const TIGHT = 0.8;

/**
 * @typedef {{used: number, limit: number | null}} Part
 * @typedef {{requests?: Part, tokens?: Part, cost_usd?: Part}} Usage
 */

/**
 * @param {Usage} usage as `usage.update` tells it
 * @param {string} wait until it starts anew
 * @returns {{state: "fine" | "tight" | "full", text: string}}
 */
export function allowance(usage, wait) {
  const kinds = /** @type {const} */ (["requests", "tokens", "cost_usd"]);
  const nearest = kinds
    .map((kind) => ({ kind, share: share(usage[kind]) }))
    .reduce((one, other) => (other.share > one.share ? other : one));
  if (nearest.share >= 1) return { state: "full", text: `${words.usedUp[nearest.kind]} ${words.comesBack(wait)}` };
  if (nearest.share < TIGHT) return { state: "fine", text: "" };
  const percent = Math.floor(nearest.share * 100);
  return { state: "tight", text: words.nearlyUsedUp(percent, words.allowances[nearest.kind], wait) };
}

/** @param {Part | undefined} part */
function share(part) {
  if (!part || part.limit === null) return 0;
  return part.limit > 0 ? Math.min(1, part.used / part.limit) : 1;
}
