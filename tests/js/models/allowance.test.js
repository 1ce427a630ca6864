import assert from "node:assert/strict";
import { test } from "node:test";
import { allowance } from "../../../static/js/models/allowance.js";

/** @param {number} used @param {number | null} limit */
const part = (used, limit) => ({ used, limit });

test("below four fifths nothing is said", () => {
  for (const usage of [{}, { requests: part(0, 30) }, { requests: part(79, 100), tokens: part(7, null) }]) {
    assert.deepEqual(allowance(usage, "5 h"), { state: "fine", text: "" });
  }
});

test("from four fifths on it says how much of what, and when it starts anew", () => {
  const { state, text } = allowance({ requests: part(80, 100), tokens: part(10, 100) }, "5 h");
  assert.equal(state, "tight");
  assert.match(text, /80 % of today's messages/);
  assert.match(text, /5 h/);
});

test("the nearest end counts, whichever it is", () => {
  assert.match(allowance({ requests: part(1, 100), tokens: part(95, 100) }, "5 h").text, /95 % of today's tokens/);
  assert.equal(allowance({ requests: part(81, 100), cost_usd: part(2, 2) }, "5 h").state, "full");
});

test("at the end it says what still works", () => {
  const { text } = allowance({ requests: part(100, 100) }, "5 h 2 min");
  assert.match(text, /used up/);
  assert.match(text, /5 h 2 min/);
  assert.match(text, /[Rr]eading/);
});

test("a limit of nothing is used up from the start", () => {
  assert.equal(allowance({ requests: part(0, 0) }, "5 h").state, "full");
});
