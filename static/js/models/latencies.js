/**
 * How long answers have kept one waiting, as this browser remembers it. No text, no ids.
 *
 * @typedef {{at: number, ms: number, model: string, provider: string, cached: boolean}} Latency
 */
const KEPT = 60;
const KEY = "latencies";

export class Latencies {
  /** @param {import("../lib/store.js").Store} store @param {() => number} [now] */
  constructor(store, now = Date.now) {
    this.store = store;
    this.now = now;
  }

  /** Oldest first. @returns {Latency[]} */
  get all() {
    const kept = this.store.read(KEY);
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.ms === "number") : [];
  }

  /** @param {import("../lib/protocol.js").Generation | null | undefined} generation */
  add(generation) {
    if (generation?.first_token_ms == null) return;
    const { first_token_ms: ms, model = "", provider_title: title, provider = "", cached } = generation;
    const one = { at: this.now(), ms, model: model.split("/").pop() ?? "", provider: title || provider, cached: Boolean(cached) };
    this.store.write(KEY, [...this.all, one].slice(-KEPT));
  }
}

/** Half of them took less. @param {Latency[]} latencies */
export function median(latencies) {
  const sorted = latencies.map((one) => one.ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** From 0 to 1, so that 20 ms and 20 s are both seen: by the logarithm, between 10 ms and 30 s. @param {number} ms */
export function height(ms) {
  const [least, most] = [Math.log(10), Math.log(30_000)];
  return Math.min(1, Math.max(0.04, (Math.log(Math.max(ms, 1)) - least) / (most - least)));
}

/** @param {number} ms @returns {"good" | "fair" | "poor"} */
export function quality(ms) {
  return ms < 500 ? "good" : ms < 2000 ? "fair" : "poor";
}
