/** What every page has: the theme, something to copy, a clean parting, and the service worker. */
import { Copy } from "./controllers/copy.js";
import { Parting } from "./controllers/parting.js";
import { Theme, wearChosenTheme } from "./controllers/theme.js";
import { attach } from "./lib/attach.js";
import { finishParting, wipe, wipeOnLogOut } from "./lib/parting.js";
import { register } from "./lib/update.js";

wearChosenTheme();
if (!finishParting()) {
  attach({ copy: Copy, parting: Parting, theme: Theme });
  wipeOnLogOut();
  if (document.querySelector("[data-parted]")) wipe(); // the account is gone
  register();
}
