import { DATABASE } from "./database.js";

export const LOG_OUT = "/accounts/logout/";
// Not among what is somebody's: it has to outlive that. It names whose session is still to be ended.
const PARTING = "parting";
const HERE = "user:here";

/**
 * Logging out leaves nothing of the user in this browser: drafts, waiting messages, conversations kept to be read
 * offline, what was remembered. It happens as the form is sent, whether or not the server can be reached; if it
 * cannot, the session is ended with the first page that comes from it again. So does a form marked `data-parting`.
 */
export function wipeOnLogOut() {
  document.addEventListener("submit", ({ target }) => {
    if (!(target instanceof HTMLFormElement)) return;
    if (new URL(target.action).pathname !== LOG_OUT && !target.hasAttribute("data-parting")) return;
    partLater();
    wipe();
  });
}

/** Everybody's: whoever shares a browser, and logs out, wants no list of others left behind either. */
export function wipe() {
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // forbidden: then nothing was kept
  }
  for (const storage of storages()) {
    for (const key of Object.keys(storage)) if (key.startsWith("user:")) storage.removeItem(key);
  }
}

/** Note whose session the server has to end, for when it can be told. Before `wipe`, which forgets who that is. */
export function partLater() {
  for (const storage of storages().slice(0, 1)) {
    const here = storage.getItem(HERE);
    if (here) storage.setItem(PARTING, here);
  }
}

/**
 * End the session of whoever has left while the server could not be told. Answers true while that goes on: the
 * page that has come is still theirs, and must not begin.
 */
export function finishParting() {
  const [storage] = storages();
  const leaving = read(storage?.getItem(PARTING));
  const shown = document.documentElement.dataset.user;
  if (!storage || !leaving || !shown) return false;
  if (shown !== String(leaving.id)) {
    storage.removeItem(PARTING); // it has ended, or somebody else has come
    return false;
  }
  document.documentElement.toggleAttribute("data-parting", true);
  const token = /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
  fetch(LOG_OUT, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" }).then(
    () => {
      storage.removeItem(PARTING); // said once: a server that will not hear must not be asked for ever
      location.replace("/");
    },
    () => setTimeout(() => location.reload(), 3000),
  );
  return true;
}

/** @param {string | null | undefined} text */
function read(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @returns {Storage[]} */
function storages() {
  try {
    return [localStorage, sessionStorage];
  } catch {
    return []; // forbidden: then nothing was kept
  }
}
