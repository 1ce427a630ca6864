/** The JSON API: one function, one kind of error. */
import { words } from "./words.js";

export class ApiError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} path @param {{method?: string, body?: object, signal?: AbortSignal, priority?: RequestPriority}} [options]
 * @returns {Promise<any>} the answer, null where there is none; throws ApiError
 */
export async function api(path, { method = "GET", body, signal, priority } = {}) {
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
