import { Emitter } from "./emitter.js";

/**
 * The service worker, and how a new version takes over: it waits until somebody says so, because a page and its
 * worker belong together. Events of `versions`: `ready` (a newer one can be had by reloading).
 */
export const versions = new Emitter();

const LOOK_AGAIN_MS = 3_600_000;
/** @type {ServiceWorkerRegistration | undefined} */
let registration;
let lookedAt = 0;
let isWanted = false;
let isReady = false;

export function register() {
  // After the page: the worker fetches the shell once more, and nothing of that is urgent.
  addEventListener("load", async () => {
    try {
      registration = await navigator.serviceWorker?.register("/service-worker.js");
    } catch {
      return; // private windows and plain http have none; the page works without it
    }
    if (!registration) return;
    lookedAt = performance.now();
    const { serviceWorker } = navigator;
    if (registration.waiting && serviceWorker.controller) announce();
    registration.addEventListener("updatefound", () => {
      const coming = registration?.installing;
      coming?.addEventListener("statechange", () => {
        if (coming.state === "installed" && serviceWorker.controller) announce();
      });
    });
    const hadWorker = serviceWorker.controller !== null;
    serviceWorker.addEventListener("controllerchange", () => {
      if (isWanted) location.reload();
      else if (hadWorker) announce(); // another tab wanted it; this one has half a sentence in its box, perhaps
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && performance.now() - lookedAt > LOOK_AGAIN_MS) look();
    });
  });
}

/** Is there a newer version? Asked now and then, after each reconnect, and when a part of the page cannot be had. */
export function look() {
  lookedAt = performance.now();
  void registration?.update().catch(() => {
    // no connection: the next time
  });
}

/** Load the newer version. Drafts and messages on their way are kept, answers go on. */
export function takeNewVersion() {
  isWanted = true;
  if (registration?.waiting) registration.waiting.postMessage("take over");
  else location.reload();
}

function announce() {
  if (isReady) return;
  isReady = true;
  versions.emit("ready");
}

/** Has `ready` been told? For those who come late. */
export function isNewVersionReady() {
  return isReady;
}

/**
 * A part of the page that is loaded when it is first needed. After a deploy an old page may ask for what is no
 * longer there: then the new version is offered. Null: it could not be had.
 * @template T
 * @param {() => Promise<T>} load @returns {Promise<T | null>}
 */
export async function part(load) {
  try {
    return await load();
  } catch {
    if (await isGone()) announce();
    return null;
  }
}

/** Does the server answer, so that it is not the connection that is missing? */
async function isGone() {
  look();
  return fetch("/api/health/live", { cache: "no-store" }).then((response) => response.ok, () => false);
}
