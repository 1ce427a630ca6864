/**
 * Keeps the shell (hashed files, and the page that says "offline") for the moments without a network.
 * Nothing of a person ever enters its cache: no page they have opened, no answer of the API. The server
 * writes `self.SHELL = {version, files, offline}` above this text.
 */
/// <reference lib="webworker" />

const worker = /** @type {ServiceWorkerGlobalScope & {SHELL: {version: string, files: string[], offline: string}}} */ (
  /** @type {unknown} */ (self)
);
const { version, files, offline } = worker.SHELL;
const CACHE = `shell-${version}`;

worker.addEventListener("install", (event) => event.waitUntil(fillCache()));

worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  if (origin !== worker.location.origin) return;
  if (request.mode === "navigate") event.respondWith(visit(event));
  else if (files.includes(pathname)) event.respondWith(fromShell(request));
});

async function fillCache() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files);
  // Without cookies: the page kept for everybody must be nobody's.
  await cache.put(offline, await fetch(offline, { credentials: "omit", cache: "reload" }));
}

async function takeOver() {
  for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== CACHE) await caches.delete(name);
  await worker.registration.navigationPreload?.enable();
}

/** Pages come from the network, always; without one, the offline page. @param {FetchEvent} event */
async function visit(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(offline)) ?? Response.error();
  }
}

/** @param {Request} request */
async function fromShell(request) {
  return (await caches.match(request)) ?? fetch(request);
}
