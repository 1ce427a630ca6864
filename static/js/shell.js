/** What every page has: the theme, and the service worker. */
import { Theme } from "./controllers/theme.js";
import { attach } from "./lib/attach.js";

attach({ theme: Theme });
