/**
 * Every text that script writes, in the language of the page. English is at hand; another language is a file of its own,
 * fetched beside the scripts and waited for before anything speaks.
 */
import { words as english } from "./words/en.js";

/** @type {Record<string, () => Promise<{words: typeof english}>>} */
const OTHERS = { de: () => import("./words/de.js") };

/** A file that cannot be had must not take the page along: then it speaks English. */
async function inLanguage() {
  const language = globalThis.document?.documentElement.lang.split("-")[0] ?? "";
  try {
    return (await OTHERS[language]?.())?.words ?? english;
  } catch {
    return english;
  }
}

export const words = await inLanguage();
