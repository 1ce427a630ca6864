/** The JSON API: one function, one kind of error. */
import { words } from "./words.js";

export class ApiError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @typedef {{method?: string, body?: object, signal?: AbortSignal, priority?: RequestPriority}} Options */

/** The last change of each thing, while it is under way. @type {Map<string, Promise<unknown>>} */
const changes = new Map();

/**
 * Changes of one thing, and of what is below it (`/api/conversations/x/restore`), go out one after the other: two at
 * once may arrive in either order, and the new name of what was deleted meanwhile finds nothing.
 * @param {string} path @param {Options} [options]
 * @returns {Promise<any>} the answer, null where there is none; throws ApiError
 */
export function api(path, options = {}) {
  if ((options.method ?? "GET") === "GET") return ask(path, options);
  const thing = path.split(/[/?]/, 4).join("/");
  const asked = (changes.get(thing) ?? Promise.resolve()).then(() => ask(path, options));
  const over = asked
    .catch(() => null)
    .finally(() => {
      if (changes.get(thing) === over) changes.delete(thing);
    });
  changes.set(thing, over);
  return asked;
}

/** @param {string} path @param {Options} options @returns {Promise<any>} */
async function ask(path, { method = "GET", body, signal, priority }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, priority, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("offline", words.unreachable);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  // A proxy whose server is away says so in words of its own.
  if (!answer && [502, 503, 504].includes(response.status)) throw new ApiError("offline", words.unreachable);
  throw new ApiError(answer?.error?.code ?? "internal", answer?.error?.message ?? words.failures.internal.title);
}

function csrfToken() {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}
