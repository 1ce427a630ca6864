import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../../static/js/lib/store.js";
import { Latencies, height, median, quality } from "../../../static/js/models/latencies.js";
import { waits } from "../../../static/js/models/waiting.js";
import { FakeStorage } from "../fake_socket.js";

const fact = { online: true, state: "open", nextTryMs: null, unsent: 0 };
const entry = (more) => ({ generation: { id: "g", state: "running" }, ...more });

test("the last answers are remembered, and no more than that", () => {
  const latencies = new Latencies(new Store(new FakeStorage(), ""), () => 7);
  for (let ms = 1; ms <= 100; ms++) latencies.add({ id: "g", state: "complete", first_token_ms: ms, model: "p/fast", provider: "p" });
  assert.equal(latencies.all.length, 60);
  assert.deepEqual(latencies.all.at(-1), { at: 7, ms: 100, model: "fast", provider: "p", cached: false });
  latencies.add({ id: "g", state: "failed", first_token_ms: null });
  assert.equal(latencies.all.length, 60);
});

test("half of the answers took less than the typical one", () => {
  assert.equal(median([{ ms: 30 }, { ms: 10 }, { ms: 20 }]), 20);
  assert.equal(median([]), 0);
});

test("twenty milliseconds and twenty seconds are both seen", () => {
  assert.ok(height(1) > 0 && height(20) < height(200) && height(200) < height(20_000) && height(1e9) === 1);
  assert.deepEqual([100, 900, 5000].map(quality), ["good", "fair", "poor"]);
});

test("what is waited for is said, and why", () => {
  assert.match(waits(fact)[0], /^Nothing/);
  assert.match(waits({ ...fact, online: false, state: "waiting", unsent: 2 }).join(" "), /network of this device.*2 messages/);
  assert.match(waits({ ...fact, state: "waiting", nextTryMs: 4000 })[0], /next try is in 4\.0 s/);
  assert.match(waits({ ...fact, running: entry({ answer: { position: 3 } }) })[0], /number 3 in the line/);
  const asked = { id: "g", state: "running", model: "p/deep", reason: "a hard question" };
  assert.equal(waits({ ...fact, running: { generation: asked, answer: { text: "" } } })[0], "The first word of deep: a hard question");
  assert.match(waits({ ...fact, running: { generation: asked, answer: { text: "So" } } })[0], /rest of deep/);
  assert.match(waits({ ...fact, running: { waitsFor: "x" } })[0], /A model that takes/);
});
