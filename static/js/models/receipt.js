/** What the quiet line under an answer says: who, how fast, how dear, from where. Pure. */
import { cost, duration } from "./say.js";

/** @typedef {import("../lib/protocol.js").Generation} Generation */

/** @type {Record<string, string>} */
const TIERS = { simple: "simple task", standard: "standard task", complex: "complex task" };
/** @type {Record<string, string>} */
const SOURCES = { exact: "from cache", semantic: "from cache: a question like this", joined: "shared with the same question" };

/**
 * @param {Generation} generation
 * @returns {{who: string, facts: string[], tags: string[]}}
 */
export function receipt(generation) {
  const facts = [];
  if (generation.first_token_ms != null) facts.push(`first word ${duration(generation.first_token_ms)}`);
  if (generation.total_ms != null && generation.state !== "running") facts.push(duration(generation.total_ms));
  if (generation.cost_usd != null && hasEnded(generation)) {
    facts.push(cost(generation.cost_usd, generation.estimated));
  }
  if (generation.state === "stopped") facts.push("stopped");
  if (generation.finish_reason === "length") facts.push("cut at its longest");
  const tags = [];
  if (generation.cached) tags.push(SOURCES[generation.cached] ?? "from cache");
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
