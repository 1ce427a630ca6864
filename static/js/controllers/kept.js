import { api } from "../lib/api.js";
import { isServerId } from "../lib/protocol.js";
import { words } from "../lib/words.js";
import { tokens } from "../models/say.js";

/** @typedef {import("../lib/protocol.js").Context} Context */

/**
 * The line above an answer that was not given the whole conversation: what it was given instead. What that was word
 * for word is fetched when the line is opened.
 * @param {HTMLElement} message @param {HTMLElement} said @param {Context | null | undefined} context
 */
export function drawKept(message, said, context) {
  const known = message.querySelector("details.kept");
  if (!context) {
    known?.remove();
    return;
  }
  if (known) return;
  const details = document.createElement("details");
  details.className = "kept";
  const summary = document.createElement("summary");
  summary.dataset.action = "click:showKept";
  summary.textContent = line(context);
  details.append(summary, document.createElement("div"));
  said.before(details);
}

/** @param {Context} context */
function line({ way, whole, parts, out, summarised, unpinned }) {
  const all = whole + parts + out;
  const facts = [way === "newest" ? words.kept.inHurry(whole, all) : words.kept.chosen(whole, all)];
  if (parts) facts.push(words.kept.parts(parts));
  if (summarised) facts.push(words.kept.summarised(summarised));
  if (unpinned) facts.push(words.kept.unpinned(unpinned));
  return facts.join(" · ");
}

/** @param {HTMLDetailsElement} details @param {import("../models/conversation.js").Entry} entry */
export async function fillKept(details, entry) {
  const body = details.querySelector("div");
  const context = entry.generation?.context;
  if (!body || !context || details.dataset.filled) return;
  body.replaceChildren(element("p", words.kept.tokens(tokens(context.after), tokens(context.before))));
  if (context.parts === 0 && !context.summarised) body.append(element("p", words.kept.nothing));
  // An answer under way has no name yet by which to ask: when it is opened again, it will.
  if (context.parts === 0 || !isServerId(entry.id)) return;
  details.dataset.filled = "yes";
  const { passages } = await api(`/api/messages/${entry.id}/context`);
  for (const passage of passages) {
    const row = element("p", passage.text);
    const who = element("b", `${passage.role === "user" ? words.kept.user : words.kept.assistant}, ${when(passage.created_at)} `);
    row.prepend(who);
    body.append(row);
  }
}

/** @param {string} iso */
function when(iso) {
  return new Date(iso).toLocaleString(document.documentElement.lang, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
}

/** @param {string} name @param {string} text */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
