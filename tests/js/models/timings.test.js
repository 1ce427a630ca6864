import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile, Timings } from "../../../static/js/models/timings.js";

test("a later value takes the earlier one's place, and what was taken is not told again", () => {
  const timings = new Timings();
  timings.put("CLS", 0, 0.01234567);
  timings.put("CLS", 0, 0.2);
  timings.put("SEND_TO_PAINT", 0, 123.4, "groq");
  timings.put("SEND_TO_PAINT", 1, 99);
  assert.deepEqual(timings.take(), [["CLS", 0, 0.2], ["SEND_TO_PAINT", 0, 123, "groq"], ["SEND_TO_PAINT", 1, 99]]);
  assert.deepEqual(timings.take(), []);
});

test("what is no number is not kept, and a batch is as large as the server takes it", () => {
  const timings = new Timings();
  for (const value of [NaN, Infinity, -1]) timings.put("LCP", 0, value);
  for (let number = 0; number < 100; number++) timings.put("FRAME", number, 17);
  assert.equal(timings.take().length, 60);
  assert.equal(timings.take().length, 40);
});

test("a quantile is one of the values", () => {
  assert.equal(quantile([30, 10, 20], 0.5), 20);
  assert.equal(quantile([], 0.95), 0);
});
