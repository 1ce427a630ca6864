/** How much of what was read this browser keeps, and what it lets go first. Pure. */

export const MOST_CONVERSATIONS = 60;
export const MOST_BYTES = 8_000_000;
export const MOST_BYTES_EACH = 1_000_000;

/** @typedef {{id: string, title: string, updated_at: string, read_at: number, bytes: number}} KeptLine */

/** What does not fit any more; what was read longest ago goes first. @param {KeptLine[]} lines @returns {string[]} ids */
export function tooMany(lines) {
  let bytes = 0;
  return [...lines]
    .sort((one, other) => other.read_at - one.read_at)
    .filter((line, index) => {
      bytes += line.bytes;
      return index >= MOST_CONVERSATIONS || bytes > MOST_BYTES;
    })
    .map((line) => line.id);
}

/**
 * The conversation with as many of its newest messages as may be kept of one.
 * @param {import("../lib/protocol.js").ConversationJson} json
 * @returns {{json: import("../lib/protocol.js").ConversationJson, bytes: number}} bytes as UTF-16 has them
 */
export function trimmed(json) {
  const sizes = json.messages.map((message) => 2 * JSON.stringify(message).length);
  let bytes = 0;
  let from = sizes.length;
  while (from > 0 && bytes + (sizes[from - 1] ?? 0) <= MOST_BYTES_EACH) bytes += sizes[--from] ?? 0;
  return { json: { ...json, earlier: json.earlier || from > 0, messages: json.messages.slice(from) }, bytes };
}
