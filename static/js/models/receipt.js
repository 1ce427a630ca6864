/** What the quiet line under an answer says: who, how fast, how dear, from where. Pure. */
import { words } from "../lib/words.js";
import { cost, duration } from "./say.js";

/** @typedef {import("../lib/protocol.js").Generation} Generation */

/** @type {Record<string, string>} */
const TIERS = words.receipt.tiers;
/** @type {Record<string, string>} */
const SOURCES = words.receipt.sources;

/**
 * @param {Generation} generation
 * @returns {{who: string, facts: string[], tags: string[]}}
 */
export function receipt(generation) {
  const facts = [];
  if (generation.first_token_ms != null) facts.push(words.receipt.first(duration(generation.first_token_ms)));
  if (generation.total_ms != null && generation.state !== "running") facts.push(duration(generation.total_ms));
  if (generation.cost_usd != null && hasEnded(generation)) {
    facts.push(cost(generation.cost_usd, generation.estimated));
  }
  if (generation.state === "stopped") facts.push(words.receipt.stopped);
  if (generation.finish_reason === "length") facts.push(words.receipt.cut);
  const tags = [];
  if (generation.cached) tags.push(SOURCES[generation.cached] ?? words.receipt.cached);
  const tier = generation.tier ? TIERS[generation.tier] : undefined;
  if (tier) tags.push(tier);
  return { who: who(generation), facts, tags };
}

/** @param {Generation} generation */
function who(generation) {
  const model = (generation.model ?? "").split("/").pop() ?? "";
  const provider = generation.provider_title || generation.provider || "";
  return [model, provider].filter(Boolean).join(" · ");
}

/** @param {Generation} generation */
function hasEnded(generation) {
  return generation.state === "complete" || generation.state === "stopped";
}
