/** What every page has: the theme, something to copy, a clean parting, and the service worker. */
import { Copy } from "./controllers/copy.js";
import { Theme } from "./controllers/theme.js";
import { attach } from "./lib/attach.js";
import { wipeOnLogOut } from "./lib/parting.js";

attach({ copy: Copy, theme: Theme });
wipeOnLogOut();

// After the page: the worker fetches the shell once more, and nothing of that is urgent.
addEventListener("load", () => {
  navigator.serviceWorker?.register("/service-worker.js").catch(() => {
    // Private windows and plain http have none; the page works without it.
  });
});
