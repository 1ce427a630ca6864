/** What went wrong, in words that say what to do next. Pure. */

/**
 * @typedef {object} Advice
 * @property {string} title
 * @property {string} hint
 * @property {"again" | "new" | "models" | "upgrade" | null} action
 */

/** @type {Record<string, Advice>} */
const ADVICE = {
  offline: {
    title: "You are offline",
    hint: "The message is kept and goes out by itself when the connection is back.",
    action: null,
  },
  provider_unavailable: {
    title: "No model could answer",
    hint: "Every provider that could have answered is down or busy. Your question is kept.",
    action: "again",
  },
  rate_limited: { title: "A little too fast", hint: "Wait a moment, then try again.", action: "again" },
  overloaded: { title: "Very busy right now", hint: "The queue is full. It usually clears within seconds.", action: "again" },
  quota_exceeded: {
    title: "Today’s allowance is used up",
    hint: "It starts anew at midnight, or a larger plan carries on at once.",
    action: "upgrade",
  },
  context_too_long: {
    title: "Too long for this model",
    hint: "Shorten the message, start a new chat, or choose a model with a larger window.",
    action: "new",
  },
  too_long: { title: "The message is too long", hint: "Shorten it and send it again.", action: null },
  content_filtered: {
    title: "The provider declined",
    hint: "Its content filter stopped the answer. Other words or another model may help.",
    action: "again",
  },
  interrupted: {
    title: "The answer was cut off",
    hint: "What had arrived is kept. Continue takes it up where it ended.",
    action: "again",
  },
  not_found: { title: "No longer there", hint: "It was deleted, or belongs to somebody else.", action: "new" },
  bad_frame: { title: "That could not be sent", hint: "Something about the message was not understood.", action: null },
};

/** @type {Advice} */
const UNKNOWN = { title: "Something broke on our side", hint: "Your question is kept; please try again.", action: "again" };

/** @param {string} code @returns {Advice} */
export function advice(code) {
  return ADVICE[code] ?? UNKNOWN;
}
