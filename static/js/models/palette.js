import { match } from "./fuzzy.js";

/**
 * What the palette lists, and where it comes from. Any part of the page adds a source of its own:
 * `app.palette.add({name, title, items})`.
 *
 * @typedef {object} Item
 * @property {string} id unique within its source
 * @property {string} title what is shown and searched
 * @property {string} [note] shown beside it
 * @property {string} [words] searched as well, not shown
 * @property {string} [keys] the keys that do the same
 * @property {boolean} [found] the source has searched by itself: it stays whatever its title is
 * @property {() => void} run
 *
 * @typedef {object} Source
 * @property {string} name
 * @property {string} title its heading
 * @property {number} [most] shown at once
 * @property {(query: string, signal: AbortSignal) => Item[] | Promise<Item[]>} items throws only AbortError
 *
 * @typedef {Item & {marks: number[], score: number}} Hit
 * @typedef {{source: Source, hits: Hit[]}} Group
 */

const MOST = 7;

export class Sources {
  constructor() {
    /** @type {Map<string, Source>} */
    this.byName = new Map();
  }

  /** A second source of the same name takes the place of the first. @param {Source} source */
  add(source) {
    this.byName.set(source.name, source);
    return this;
  }

  get all() {
    return [...this.byName.values()];
  }
}

/** The items that were meant, best first; all of them, in their own order, where nothing is asked. @param {Item[]} items @param {string} query @param {number} [most] @returns {Hit[]} */
export function hits(items, query, most = MOST) {
  if (!query.trim()) return items.slice(0, most).map((item) => ({ ...item, marks: [], score: 0 }));
  /** @type {Hit[]} */
  const found = [];
  for (const item of items) {
    const direct = match(query, item.title);
    const aside = direct ? null : match(query, `${item.title} ${item.words ?? ""} ${item.note ?? ""}`);
    if (direct) found.push({ ...item, ...direct });
    // Without marks: what matched is not all in the title.
    else if (aside) found.push({ ...item, marks: [], score: aside.score - 10 });
    else if (item.found) found.push({ ...item, marks: [], score: 0 });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, most);
}

/** Groups with something in them; the one with the best hit first, where something is asked. @param {Group[]} groups @param {string} query */
export function ranked(groups, query) {
  const full = groups.filter((group) => group.hits.length > 0);
  if (!query.trim()) return full;
  return full.sort((a, b) => (b.hits[0]?.score ?? 0) - (a.hits[0]?.score ?? 0));
}
