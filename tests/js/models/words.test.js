import assert from "node:assert/strict";
import { test } from "node:test";
import { dayGroup } from "../../../static/js/models/calendar.js";
import { estimate } from "../../../static/js/models/estimate.js";
import { advice } from "../../../static/js/models/failures.js";
import { receipt } from "../../../static/js/models/receipt.js";
import { cost, count, duration, money, tokens } from "../../../static/js/models/say.js";

const cases = (say, pairs) => {
  for (const [value, words] of pairs) test(`${say.name}: ${value} is said ${words}`, () => assert.equal(say(value), words));
};

cases(duration, [
  [0, "0 ms"], [84.4, "84 ms"], [1000, "1.0 s"], [1940, "1.9 s"], [9960, "10 s"], [59_400, "59 s"], [59_900, "1 min"],
  [64_000, "1 min 4 s"], [1_484_000, "24 min"], [22_320_000, "6 h 12 min"], [7_200_000, "2 h"],
]);
cases(money, [
  [0, "free"], [0.00001, "under $0.0001"], [0.0004, "$0.0004"], [0.00123, "$0.0012"], [0.0123, "$0.012"], [0.04, "$0.04"],
  [0.5, "$0.50"], [0.999, "$1.00"], [12.345, "$12.35"],
]);
cases(count, [[7, "7"], [999, "999"], [1000, "1k"], [1240, "1.2k"], [12_400, "12k"], [1_500_000, "1.5M"]]);
cases(tokens, [[1, "1 token"], [410, "410 tokens"]]);

test("a receipt says who, how fast and how dear", () => {
  const said = receipt({
    id: "g", state: "complete", model: "nim/nemotron-3-nano", provider: "nim", provider_title: "NVIDIA NIM", tier: "simple",
    first_token_ms: 84, total_ms: 1900, cost_usd: 0.0004,
  });
  assert.deepEqual(said, {
    who: "nemotron-3-nano · NVIDIA NIM", facts: ["first word 84 ms", "1.9 s", "$0.0004"], tags: ["simple task"],
  });
});

test("a receipt owns up to an estimate, a stop and a cache", () => {
  const said = receipt({ id: "g", state: "stopped", model: "m", cost_usd: 0.0004, estimated: true, cached: "exact" });
  assert.deepEqual(said.facts, ["about $0.0004", "stopped"]);
  assert.deepEqual(said.tags, ["from cache"]);
});

test("an estimate that is vague already does not say so twice", () => {
  assert.equal(cost(0.00001, true), "under $0.0001");
  assert.equal(cost(0.0004, true), "about $0.0004");
  assert.equal(cost(0, true), "free");
});

test("a failed answer is not called free", () => {
  assert.deepEqual(receipt({ id: "g", state: "failed", cost_usd: 0 }).facts, []);
});

test("every code of the protocol has advice of its own", () => {
  const codes = [
    "bad_frame", "too_long", "not_found", "quota_exceeded", "rate_limited", "overloaded", "provider_unavailable",
    "context_too_long", "content_filtered", "blocked", "unchecked", "interrupted",
  ];
  const titles = codes.map((code) => advice(code).title);
  assert.equal(new Set(titles).size, codes.length);
  assert.ok(!titles.includes(advice("internal").title));
});

test("a code nobody knows yet still says what to do", () => assert.equal(advice("from_the_future").action, "again"));

test("the list groups by the reader's own days", () => {
  const now = new Date(2025, 5, 15, 12);
  const ago = (days, hour = 12) => new Date(2025, 5, 15 - days, hour).toISOString();
  assert.equal(dayGroup(ago(0, 0), now), "today");
  assert.equal(dayGroup(ago(-1), now), "today");
  assert.equal(dayGroup(ago(1, 23), now), "yesterday");
  assert.equal(dayGroup(ago(1, 0), now), "yesterday");
  assert.equal(dayGroup(ago(7), now), "lastWeek");
  assert.equal(dayGroup(ago(8), now), "lastMonth");
  assert.equal(dayGroup(ago(31), now), "earlier");
});

test("an estimate counts what goes with the message", () => {
  const model = { price: { input: 0.1, output: 0.4 } };
  assert.equal(estimate("x".repeat(40), 1600, undefined), "≈ 410 tokens");
  assert.equal(estimate("x".repeat(40), 1600, model), "≈ 410 tokens · about $0.0002");
  assert.equal(estimate("hi", 0, { price: { input: 0, output: 0 } }), "≈ 1 token · free");
});
