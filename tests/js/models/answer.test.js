import assert from "node:assert/strict";
import { test } from "node:test";
import { Answer } from "../../../static/js/models/answer.js";

const start = { type: "chat.start", seq: 1, provider: "nim", model: "nim/nano", tier: "simple", reason: "cheap", cached: null };
const delta = (seq, text) => ({ type: "chat.delta", seq, text });
const done = (seq) => ({
  type: "chat.done", seq, message_id: "m1", finish_reason: "stop",
  usage: { input_tokens: 3, output_tokens: 2, cost_usd: 0.0004, estimated: false }, timing: { first_token_ms: 84, total_ms: 1900 },
});

function hear(...frames) {
  const answer = new Answer("g1");
  for (const frame of frames) answer.apply(frame);
  return answer;
}

test("the texts in order are the answer", () => {
  const answer = hear(start, delta(2, "Hel"), delta(3, "lo"), done(4));
  assert.equal(answer.text, "Hello");
  assert.equal(answer.generation.state, "complete");
  assert.equal(answer.generation.first_token_ms, 84);
  assert.equal(answer.messageId, "m1");
});

test("a frame heard twice changes nothing", () => {
  const answer = hear(start, delta(2, "Hel"), delta(3, "lo"));
  assert.equal(answer.apply(delta(2, "Hel")), "old");
  assert.equal(answer.text, "Hello");
});

test("a gap is reported and changes nothing", () => {
  const answer = hear(start, delta(2, "Hel"));
  assert.equal(answer.apply(delta(4, "!")), "gap");
  assert.equal(answer.seq, 2);
  assert.equal(answer.text, "Hel");
});

test("an entry that holds the generation sees it begin, and begin anew", () => {
  const answer = new Answer("g1");
  const held = answer.generation;
  answer.apply(start);
  assert.equal(held.provider, "nim");
  answer.apply({ ...start, provider: "local", reason: "left over" });
  assert.deepEqual([held.provider, held.reason, held.state], ["local", "left over", "running"]);
});

test("a start with number 1 begins anew", () => {
  const answer = hear(start, delta(2, "of a process that died"));
  answer.apply(start);
  answer.apply(delta(2, "Hello"));
  assert.equal(answer.text, "Hello");
  assert.equal(answer.beginning, 1);
});

test("the first start is not a new beginning", () => {
  assert.equal(hear(start).beginning, 0);
});

test("reasoning is kept apart from the text", () => {
  const answer = hear(start, { type: "chat.delta", seq: 2, reasoning: "Hm." }, delta(3, "Yes."));
  assert.equal(answer.reasoning, "Hm.");
  assert.equal(answer.text, "Yes.");
});

test("a retry leaves a seam where the text stood, and names who goes on", () => {
  const answer = hear(start, delta(2, "Hello"), { type: "chat.retry", seq: 3, from: "groq/a", to: "nim/b", reason: "" });
  assert.deepEqual(answer.seams, [{ at: 5, from: "groq/a", to: "nim/b", reason: "" }]);
  assert.equal(answer.generation.model, "nim/b");
});

test("an error ends it and keeps what was said", () => {
  const answer = hear(start, delta(2, "Hel"), { type: "chat.error", seq: 3, code: "provider_unavailable", message: "down" });
  assert.equal(answer.generation.state, "failed");
  assert.equal(answer.text, "Hel");
  assert.equal(hear(start, { type: "chat.error", seq: 2, code: "interrupted", message: "" }).generation.state, "interrupted");
});

test("an error without a number ends it too", () => {
  assert.equal(hear({ type: "chat.error", code: "not_found", message: "gone" }).running, false);
});

test("stopped is not complete", () => {
  assert.equal(hear(start, { ...done(2), finish_reason: "stopped" }).generation.state, "stopped");
});

test("the place in the queue is forgotten at the start", () => {
  const answer = hear({ type: "chat.queued", position: 3 });
  assert.equal(answer.position, 3);
  answer.apply(start);
  assert.equal(answer.position, null);
});
