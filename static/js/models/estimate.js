/** What a message will take, roughly, before it is sent. Pure. */
import { cost, tokens } from "./say.js";

const CHARACTERS_PER_TOKEN = 4;
const USUAL_ANSWER_IN_TOKENS = 400;

/**
 * @param {string} draft @param {number} historyLength characters of the branch that goes with it
 * @param {import("../lib/protocol.js").Model | undefined} model undefined: not decided yet
 */
export function estimate(draft, historyLength, model) {
  const size = Math.ceil((draft.length + historyLength) / CHARACTERS_PER_TOKEN);
  const said = `≈ ${tokens(size)}`;
  if (!model) return said;
  const usd = (size * model.price.input + USUAL_ANSWER_IN_TOKENS * model.price.output) / 1_000_000;
  return `${said} · ${cost(usd, true)}`;
}
