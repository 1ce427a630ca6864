/**
 * Logging out leaves nothing of the user in this browser: drafts, waiting messages, what was remembered. It
 * happens as the form is sent, whether or not the server can be reached.
 */
export function wipeOnLogOut() {
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && new URL(target.action).pathname === "/accounts/logout/") wipe();
  });
}

/** Everybody's: whoever shares a browser, and logs out, wants no list of others left behind either. */
export function wipe() {
  for (const storage of storages()) {
    for (const key of Object.keys(storage)) if (key.startsWith("user:")) storage.removeItem(key);
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
