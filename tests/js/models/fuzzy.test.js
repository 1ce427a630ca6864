import assert from "node:assert/strict";
import { test } from "node:test";
import { match } from "../../../static/js/models/fuzzy.js";

/** @param {string} query @param {string[]} texts @returns {string[]} those that match, best first */
function found(query, texts) {
  /** @param {string} text */
  const score = (text) => match(query, text)?.score ?? -Infinity;
  return texts.filter((text) => match(query, text)).sort((one, other) => score(other) - score(one));
}

test("every letter of the query has to be there, in order", () => {
  assert.ok(match("abc", "a-b-c"));
  assert.equal(match("acb", "abc"), null);
  assert.equal(match("abcd", "abc"), null);
});

test("the beginning of a word goes before its middle, and letters that stand together before scattered ones", () => {
  assert.deepEqual(found("set", ["Some earlier talk", "Settings", "Reset"]), ["Settings", "Some earlier talk", "Reset"]);
  assert.equal(found("nc", ["since", "New chat"])[0], "New chat");
});

test("case and accents do not count, and marks are places in the text as it is", () => {
  assert.deepEqual(match("uber", "Über alles")?.marks, [0, 1, 2, 3]);
  assert.deepEqual(match("b", "👍 b")?.marks, [3]);
});

test("several words may come in any order", () => {
  assert.ok(match("chat new", "New chat"));
  assert.equal(match("chat old", "New chat"), null);
});

test("nothing hostile makes it slow or fail", () => {
  for (const query of ["a".repeat(200), "(((((", "\\", "\u0000", "👩‍👩‍👧"]) {
    const began = performance.now();
    match(query, "a".repeat(10_000) + "b");
    assert.ok(performance.now() - began < 200);
  }
});
