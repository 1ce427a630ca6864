/**
 * What was measured and not yet told, one value a name and number: a later one takes the earlier one's place, here as
 * on the server. No DOM.
 *
 * @typedef {[name: string, number: number, value: number, provider?: string]} Timing
 */
const MOST = 60; // of a batch, as the server takes them

export class Timings {
  constructor() {
    /** @type {Map<string, Timing>} */
    this.waiting = new Map();
  }

  /** @param {string} name @param {number} number counts from 0 within its name @param {number} value @param {string} [provider] */
  put(name, number, value, provider = "") {
    if (!Number.isFinite(value) || value < 0) return;
    // Whole milliseconds say enough; layout shift lives behind the point.
    const rounded = name === "CLS" ? Math.round(value * 10_000) / 10_000 : Math.round(value);
    this.waiting.set(`${name}.${number}`, provider ? [name, number, rounded, provider] : [name, number, rounded]);
  }

  /** The oldest that wait, at most a batch; they wait no longer. @returns {Timing[]} */
  take() {
    const batch = [...this.waiting.entries()].slice(0, MOST);
    for (const [key] of batch) this.waiting.delete(key);
    return batch.map(([, timing]) => timing);
  }
}

/** The value below which `share` of all lie. @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
