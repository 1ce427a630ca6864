/**
 * The shapes that travel between server and page: frames of /ws/chat/ and JSON of /api/.
 * docs/protocol.md holds the rules behind them; here are their types and the one reader.
 *
 * @typedef {"running" | "complete" | "stopped" | "interrupted" | "failed"} State
 *
 * @typedef {object} Generation
 * @property {string} id
 * @property {State} state
 * @property {string} [provider]
 * @property {string} [provider_title]
 * @property {string} [model]
 * @property {string} [tier]
 * @property {string} [reason] why this model, in words
 * @property {string | null} [cached]
 * @property {boolean | null} [thumb] what the reader thinks of it: up, down or nothing
 * @property {string} [reasoning]
 * @property {number | null} [first_token_ms]
 * @property {number | null} [total_ms]
 * @property {number} [cost_usd]
 * @property {number} [input_tokens]
 * @property {number} [output_tokens]
 * @property {boolean} [estimated]
 * @property {string} [finish_reason]
 * @property {Context | null} [context] what was sent, where it was not everything
 * @property {Failure | null} [error]
 *
 * @typedef {{code: string, message: string, retry_after_s?: number}} Failure
 *
 * @typedef {object} Context counts of messages, except before and after: tokens
 * @property {"worker" | "cache" | "newest"} way
 * @property {number} before
 * @property {number} after
 * @property {number} whole
 * @property {number} parts
 * @property {number} out
 * @property {number} unpinned
 * @property {number} summarised
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string | null} parent_id
 * @property {"user" | "assistant" | "system"} role
 * @property {string} text
 * @property {string} created_at
 * @property {{index: number, count: number, ids: string[]}} [siblings] index counts from 0
 * @property {boolean} [pinned] sent word for word, however long the conversation gets
 * @property {Generation | null} generation
 * @property {string} [client_message_id]
 *
 * @typedef {{id: string, title: string, updated_at: string, pinned?: boolean, archived?: boolean}} ConversationLine
 * @typedef {{id: string, title: string, leaf_id: string | null, messages: Message[], earlier?: boolean, instructions?: string, follow_ups?: string[]}} ConversationJson
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} title
 * @property {string} provider
 * @property {string} provider_title
 * @property {string} tier
 * @property {number} context
 * @property {{input: number, output: number}} price USD per million tokens
 * @property {boolean} configured
 * @property {number | null} [first_token_ms] what its next answer is likely to keep one waiting
 * @property {boolean} [resting] it has been failing
 *
 * @typedef {{id: number, name: string, guest: boolean}} User
 * @typedef {{send_key: "enter" | "mod+enter", prediction: boolean, follow_ups: boolean, preloading: boolean, model: string, preference: number}} Preferences
 * @typedef {{user: User, conversation: ConversationJson | null, models: Model[], flags: Record<string, boolean>, preferences: Preferences, timings?: string}} Boot
 *
 * @typedef {{type: string, [field: string]: any}} Frame
 */

/** A frame, or null for anything that is none: a bad frame must not end the page. @param {unknown} raw @returns {Frame | null} */
export function parseFrame(raw) {
  if (typeof raw !== "string") return null;
  try {
    const frame = JSON.parse(raw);
    return frame && typeof frame === "object" && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}

/** What the server names has a UUID; what it has not named yet may have anything. @param {string} id */
export function isServerId(id) {
  return /^[0-9a-f-]{36}$/.test(id);
}

/** A fresh id; `crypto.randomUUID` exists only on https and localhost. @returns {string} */
export function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
