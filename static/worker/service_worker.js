/**
 * Keeps the shell (hashed files, the app for when the server cannot be reached, and a page for all that is not the
 * chat) for the moments without a network. Nothing of a person ever enters its caches: no page that was rendered
 * for somebody, no answer of the API. The server writes `self.SHELL = {version, files, app, elsewhere}` above this
 * text: a new build is a new worker, which waits until the page asks it to take over.
 */
/// <reference lib="webworker" />
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";

const worker = /** @type {ServiceWorkerGlobalScope & {SHELL: {version: string, files: string[], app: string, elsewhere: string}}} */ (
  /** @type {unknown} */ (self)
);
const { version, files, app, elsewhere } = worker.SHELL;
// What a page has loaded beyond the shell, of this build: highlighter, mathematics.
const LATER = `later-${version}`;
const CHAT = /^\/(?:c\/[0-9a-f-]{36}\/)?$/;
const HASHED = /^\/static\/dist\/.+-[0-9A-Z]{8}\.\w+$/;
const NO_PAGE = /^\/(?:api|v1|admin|metrics)(?:\/|$)/;
// A proxy whose server is away, or not yet there again.
const AWAY = [502, 503, 504];

precacheAndRoute([
  ...files.map((url) => ({ url, revision: null })), // their names hold their hashes
  { url: app, revision: version },
  { url: elsewhere, revision: version },
]);
cleanupOutdatedCaches();

registerRoute(
  ({ url, sameOrigin }) => sameOrigin && HASHED.test(url.pathname),
  new CacheFirst({ cacheName: LATER }),
);

const isPage = (/** @type {{request: Request, url: URL, sameOrigin: boolean}} */ { request, url, sameOrigin }) =>
  sameOrigin && request.mode === "navigate" && !NO_PAGE.test(url.pathname);
registerRoute(isPage, ({ event, request, url }) => visit(/** @type {FetchEvent} */ (event), request, url));
registerRoute(isPage, ({ event, request, url }) => visit(/** @type {FetchEvent} */ (event), request, url), "POST");

worker.addEventListener("activate", (event) => event.waitUntil(tidy()));

worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
});

/** Pages come from the network, always; without one, from this device. @param {FetchEvent} event @param {Request} request @param {URL} url */
async function visit(event, request, url) {
  // Before the network: what was shared stays on this device until it is sent.
  if (url.pathname === "/share/") return Response.redirect(`/#${url.searchParams}`, 303);
  try {
    const response = (await event.preloadResponse) ?? (await fetch(request));
    if (!AWAY.includes(response.status)) return response;
    return (CHAT.test(url.pathname) && (await matchPrecache(app))) || response;
  } catch {
    return (await matchPrecache(CHAT.test(url.pathname) ? app : elsewhere)) ?? Response.error();
  }
}

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith("shell-") || (name.startsWith("later-") && name !== LATER)) await caches.delete(name);
  }
  await worker.registration.navigationPreload?.enable();
}
