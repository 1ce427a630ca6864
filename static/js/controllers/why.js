import { words } from "../lib/words.js";
import { cost, duration, tokens } from "../models/say.js";

/**
 * The one panel behind every "why this model".
 * @param {HTMLElement} source the button that asked @param {import("../lib/protocol.js").Generation} generation
 */
export function why(source, generation) {
  const panel = document.getElementById("why");
  if (!panel) return;
  /** @param {string} name @param {string} value */
  const put = (name, value) => {
    const cell = panel.querySelector(`[data-fact="${name}"]`);
    if (!cell) return;
    cell.textContent = value;
    cell.parentElement?.toggleAttribute("hidden", !value);
  };
  put("reason", generation.reason ?? "");
  put("model", generation.model ?? "");
  put("provider", generation.provider_title || generation.provider || "");
  put("first", generation.first_token_ms == null ? "" : duration(generation.first_token_ms));
  put("tokens", generation.output_tokens == null ? "" : words.say.inAndOut(tokens(generation.input_tokens ?? 0), tokens(generation.output_tokens)));
  put("cost", generation.cost_usd == null ? "" : cost(generation.cost_usd, generation.estimated));
  panel.showPopover();
  besides(panel, source);
}

/** Puts a popover next to what opened it, inside the window. @param {HTMLElement} panel @param {HTMLElement} source */
export function besides(panel, source) {
  const at = source.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  const isRoomBelow = at.bottom + 6 + height < innerHeight - 8;
  panel.style.left = `${left}px`;
  panel.style.top = `${isRoomBelow ? at.bottom + 6 : Math.max(8, at.top - height - 6)}px`;
}
