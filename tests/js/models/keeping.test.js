import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_BYTES, MOST_BYTES_EACH, MOST_CONVERSATIONS, tooMany, trimmed } from "../../../static/js/models/keeping.js";

const line = (number, bytes = 1) => ({ id: `c${number}`, title: "", updated_at: "", read_at: number, bytes });

test("what was read longest ago goes when there are too many", () => {
  const lines = Array.from({ length: MOST_CONVERSATIONS + 2 }, (_, number) => line(number));
  assert.deepEqual(tooMany(lines).sort(), ["c0", "c1"]);
});

test("what was read longest ago goes when together they are too large", () => {
  assert.deepEqual(tooMany([line(1, MOST_BYTES / 2), line(2, MOST_BYTES / 2), line(3, MOST_BYTES / 2)]), ["c1"]);
});

test("of one conversation the newest messages are kept, and that there are earlier ones", () => {
  const text = "x".repeat(MOST_BYTES_EACH / 8);
  const messages = ["a", "b", "c", "d", "e"].map((id) => ({ id, text, role: "user", parent_id: null, created_at: "", generation: null }));
  const { json, bytes } = trimmed({ id: "c", title: "", leaf_id: "e", messages, earlier: false });
  assert.deepEqual(json.messages.map((message) => message.id), ["c", "d", "e"]);
  assert.equal(json.earlier, true);
  assert.ok(bytes <= MOST_BYTES_EACH);
});
