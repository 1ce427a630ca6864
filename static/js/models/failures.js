/** What went wrong, in words that say what to do next. Pure. */
import { words } from "../lib/words.js";

/**
 * @typedef {object} Advice
 * @property {string} title
 * @property {string} hint
 * @property {"again" | "new" | "models" | "upgrade" | null} action
 */

/** What to do next, where it is something to press. @type {Record<string, Advice["action"]>} */
const ACTIONS = {
  provider_unavailable: "again",
  rate_limited: "again",
  overloaded: "again",
  quota_exceeded: "upgrade",
  context_too_long: "new",
  content_filtered: "again",
  unchecked: "again",
  interrupted: "again",
  not_found: "new",
  internal: "again",
};

/** @param {string} code @returns {Advice} */
export function advice(code) {
  /** @type {Record<string, {title: string, hint: string}>} */
  const known = words.failures;
  const name = Object.hasOwn(known, code) ? code : "internal";
  return { .../** @type {{title: string, hint: string}} */ (known[name]), action: ACTIONS[name] ?? null };
}
