/**
 * Finds what was meant by a few letters: every letter of the query, in order, best where words begin and
 * where letters stand together. Case and accents do not count.
 */

const TOGETHER = 6;
const WORD_START = 8;
const WHOLE_START = 6;
const LETTER = 1;
// What is skipped costs a little: "set" finds "Settings" before "Some earlier talk".
const SKIPPED = 0.5;
const LONGEST = 300;

/** Letters without case and accents, each with the place it stands at. @param {string} text */
function fold(text) {
  let folded = "";
  /** @type {number[]} */
  const places = [];
  let place = 0;
  for (const letter of text.slice(0, LONGEST)) {
    for (const plain of letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()) {
      folded += plain;
      for (let unit = 0; unit < plain.length; unit++) places.push(place);
    }
    place += letter.length;
  }
  return { folded, places };
}

/**
 * @param {string} query @param {string} text
 * @returns {{score: number, marks: number[]} | null} marks: places in `text` that matched, rising; null: not all did
 */
export function match(query, text) {
  const { folded, places } = fold(text);
  const words = fold(query).folded.split(/\s+/).filter(Boolean);
  let score = 0;
  /** @type {Set<number>} */
  const marks = new Set();
  for (const word of words) {
    const found = matchWord(word, folded);
    if (!found) return null;
    score += found.score;
    for (const at of found.at) marks.add(places[at] ?? 0);
  }
  return { score: score - folded.length * 0.01, marks: [...marks].sort((a, b) => a - b) };
}

/**
 * The best of every alignment that begins at another occurrence of the first letter; greedy from there on,
 * with a look for the word in one piece first.
 * @param {string} word @param {string} text
 */
function matchWord(word, text) {
  /** @type {{score: number, at: number[]} | null} */
  let best = null;
  for (let start = text.indexOf(word.charAt(0)); start >= 0; start = text.indexOf(word.charAt(0), start + 1)) {
    const at = text.startsWith(word, start) ? [...word].flatMap((letter, index) => (letter ? [start + index] : [])) : align(word, text, start);
    if (!at) break; // further right there is even less
    const score = rate(at, text);
    if (!best || score > best.score) best = { score, at };
  }
  return best;
}

/** @param {string} word @param {string} text @param {number} start @returns {number[] | null} */
function align(word, text, start) {
  const at = [start];
  for (let index = 1; index < word.length; index++) {
    const letter = word.charAt(index);
    const from = (at.at(-1) ?? 0) + 1;
    const next = text.indexOf(letter, from);
    if (next < 0) return null;
    // A letter that begins a word is worth a jump, unless the next one stands right here.
    const begins = next === from ? next : wordStart(text, letter, from);
    at.push(begins >= 0 && rest(word, index + 1, text, begins + 1) ? begins : next);
  }
  return at;
}

/** @param {string} text @param {string} letter @param {number} from */
function wordStart(text, letter, from) {
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1)) if (isStart(text, at)) return at;
  return -1;
}

/** Are the remaining letters still to be found from there? @param {string} word @param {number} index @param {string} text @param {number} from */
function rest(word, index, text, from) {
  for (; index < word.length; index++) {
    from = text.indexOf(word.charAt(index), from) + 1;
    if (from === 0) return false;
  }
  return true;
}

/** @param {string} text @param {number} at */
function isStart(text, at) {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text.charAt(at - 1));
}

/** @param {number[]} at @param {string} text */
function rate(at, text) {
  let score = at[0] === 0 ? WHOLE_START : 0;
  for (const [index, place] of at.entries()) {
    const gap = index === 0 ? 0 : place - (at[index - 1] ?? 0) - 1;
    score += LETTER + (isStart(text, place) ? WORD_START : 0) + (index > 0 && gap === 0 ? TOGETHER : 0) - gap * SKIPPED;
  }
  return score;
}
