/**
 * How the page feels, told to the server in batches: web-vitals (https://github.com/GoogleChrome/web-vitals) and our
 * own marks. Loaded after everything else; without a person's name, text or address in it.
 */
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";
import { quantile, Timings } from "../models/timings.js";

const ADDRESS = "/api/metrics/frontend";
const EVERY_MS = 30_000;
const MOST_OF_NAME = 200; // as the server takes them

/**
 * @param {{chat: import("../models/chat.js").Chat, socket: import("./socket.js").ChatSocket}} page
 * @param {string} token names the page
 */
export function watch({ chat, socket }, token) {
  const timings = new Timings();
  watchVitals(timings);
  watchTroubles(timings, socket);
  watchAnswers(timings, chat);
  const interactive = performance.getEntriesByName("interactive")[0];
  if (interactive) timings.put("INTERACTIVE", 0, interactive.startTime);

  const tell = () => {
    const batch = timings.take();
    if (batch.length === 0) return;
    const body = JSON.stringify({ page: token, device: device(), timings: batch });
    navigator.sendBeacon(ADDRESS, new Blob([body], { type: "application/json" }));
  };
  setInterval(tell, EVERY_MS);
  // After web-vitals' own listeners, which add what is final now.
  document.addEventListener("visibilitychange", () => document.hidden && tell());
  addEventListener("pagehide", tell);
}

/** @param {Timings} timings */
function watchVitals(timings) {
  onTTFB(({ value }) => timings.put("TTFB", 0, value));
  onFCP(({ value }) => timings.put("FCP", 0, value));
  onCLS(({ value }) => timings.put("CLS", 0, value));
  onLCP(({ value, attribution }) => {
    timings.put("LCP", 0, value);
    timings.put("LCP_WAIT", 0, attribution.timeToFirstByte);
    timings.put("LCP_LOAD", 0, attribution.resourceLoadDelay + attribution.resourceLoadDuration);
    timings.put("LCP_RENDER", 0, attribution.elementRenderDelay);
  });
  onINP(({ value, attribution }) => {
    timings.put("INP", 0, value);
    timings.put("INP_INPUT", 0, attribution.inputDelay);
    timings.put("INP_WORK", 0, attribution.processingDuration);
    timings.put("INP_PAINT", 0, attribution.presentationDelay);
  });
}

/** @param {Timings} timings @param {import("./socket.js").ChatSocket} socket */
function watchTroubles(timings, socket) {
  const counted = { RECONNECTS: 0, ERRORS: 0, REJECTIONS: 0, LONG_TASKS: 0 };
  /** @param {keyof typeof counted} name @param {number} [more] */
  const count = (name, more = 1) => timings.put(name, 0, (counted[name] += more));
  // Also what did not happen is told: otherwise nobody could say in how many pages it did.
  for (const name of /** @type {const} */ (["RECONNECTS", "ERRORS", "REJECTIONS"])) count(name, 0);
  socket.on("state", (state) => state === "waiting" && count("RECONNECTS"));
  addEventListener("error", () => count("ERRORS"));
  addEventListener("unhandledrejection", () => count("REJECTIONS"));
  if (!PerformanceObserver.supportedEntryTypes.includes("longtask")) return;
  count("LONG_TASKS", 0);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) count("LONG_TASKS", duration);
  }).observe({ type: "longtask", buffered: true });
}

/** From sending to the first text on the screen, and how late frames are while it grows. @param {Timings} timings @param {import("../models/chat.js").Chat} chat */
function watchAnswers(timings, chat) {
  /** @type {number | null} */
  let sentAt = null;
  let number = 0;
  chat.on("entries", (how) => {
    if (how?.sent) sentAt = performance.now();
  });
  chat.on("answer", (entry) => {
    if (sentAt === null || !entry.answer?.text || document.hidden) return;
    const began = sentAt;
    sentAt = null;
    if (number >= MOST_OF_NAME) return;
    const mine = number++;
    afterPaint(() => {
      timings.put("SEND_TO_PAINT", mine, performance.now() - began, entry.generation?.provider);
      watchFrames(timings, mine, () => entry.answer?.running === true);
    });
  });
  chat.on("shown", () => (sentAt = null));
}

/** The 95th percentile of the time between two frames. @param {Timings} timings @param {number} number @param {() => boolean} goesOn */
function watchFrames(timings, number, goesOn) {
  /** @type {number[]} */
  const gaps = [];
  let last = performance.now();
  const look = (/** @type {number} */ now) => {
    if (document.hidden) return; // a hidden page draws nothing: what was measured is no lateness
    gaps.push(now - last);
    last = now;
    if (goesOn() && gaps.length < 10_000) requestAnimationFrame(look);
    else if (gaps.length > 5) timings.put("FRAME", number, quantile(gaps, 0.95));
  };
  requestAnimationFrame((now) => {
    last = now;
    requestAnimationFrame(look);
  });
}

/** @param {() => void} work */
function afterPaint(work) {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = work;
    channel.port2.postMessage(null);
  });
}

function device() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "phone" : "tablet";
}
