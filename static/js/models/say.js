/** Numbers as people say them, in the language of the page. */
import { words } from "../lib/words.js";

/** @param {string} digits with a point */
const local = (digits) => digits.replace(".", words.say.decimal);
/** @param {string} digits */
const dollars = (digits) => words.say.dollars(local(digits));

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${local(seconds.toFixed(1))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  const rest = Math.round(seconds) % 60;
  if (minutes < 60) return rest && minutes < 10 ? `${minutes} min ${rest} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** US dollars, two meaningful digits. @param {number} usd */
export function money(usd) {
  if (usd <= 0) return words.say.free;
  if (usd < 0.0001) return words.say.under(dollars("0.0001"));
  if (usd >= 0.995) return dollars(usd.toFixed(2));
  const digits = Math.max(2, 1 - Math.floor(Math.log10(usd)));
  return dollars(usd.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1"));
}

/** What was spent: nothing is a sum as well. @param {number} usd */
export function spent(usd) {
  return usd <= 0 ? dollars("0") : money(usd);
}

/** An estimate says so, except where the words are vague already. @param {number} usd @param {boolean} [isEstimate] */
export function cost(usd, isEstimate = false) {
  return isEstimate && usd >= 0.0001 ? words.say.about(money(usd)) : money(usd);
}

/** @param {number} count */
export function count(count) {
  if (count < 1000) return String(count);
  if (count < 9950) return `${local((count / 1000).toFixed(1).replace(".0", ""))}k`;
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  return `${local((count / 1_000_000).toFixed(1).replace(".0", ""))}M`;
}

/** @param {number} tokens */
export function tokens(tokens) {
  return words.say.tokens(count(tokens));
}
