import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError } from "../../../static/js/lib/api.js";
import { Reader } from "../../../static/js/lib/reader.js";

let asked, pages, kept, forgotten, now, connection, answer;

const make = () =>
  new Reader(
    { read: async (id) => kept.get(id) ?? null, forget: async (id) => forgotten.push(id) },
    { get: async (path) => (asked.push(path), answer(path)), page: async (path) => (pages.push(path), "<p>"), now: () => now, connection: () => connection },
  );
const json = (id, text = "") => ({ id, title: id, leaf_id: null, messages: [{ text }] });

beforeEach(() => {
  [asked, pages, kept, forgotten, now, connection] = [[], [], new Map(), [], 0, undefined];
  answer = (path) => json(path.split("/").pop());
});

test("what was fetched ahead is not fetched again, and serves once", async () => {
  const reader = make();
  reader.fetchAhead("a");
  reader.fetchAhead("a");
  assert.equal((await reader.read("a")).id, "a");
  assert.deepEqual(asked, ["/api/conversations/a"]);
  await reader.read("a");
  assert.equal(asked.length, 2);
});

test("what has changed since, or is old, is fetched again", async () => {
  const reader = make();
  reader.fetchAhead("a");
  reader.drop("a");
  await reader.read("a");
  reader.fetchAhead("b");
  now = 31_000;
  await reader.read("b");
  assert.deepEqual(asked.map((path) => path.at(-1)), ["a", "a", "b", "b"]);
});

test("nothing is fetched ahead where data are dear or slow", () => {
  for (connection of [{ saveData: true, effectiveType: "4g" }, { effectiveType: "3g" }, { effectiveType: "2g" }]) {
    make().fetchAhead("a");
    make().fetchPageAhead("/usage/");
  }
  assert.deepEqual([...asked, ...pages], []);
});

test("a page is fetched ahead once while it may be shown, and again after", () => {
  const reader = make();
  for (now of [0, 9_000, 11_000]) reader.fetchPageAhead("/usage/");
  assert.deepEqual(pages, ["/usage/", "/usage/"]);
});

test("pages and conversations have one budget", () => {
  const reader = make();
  for (let number = 0; number < 9; number++) reader.fetchAhead(String(number));
  reader.fetchPageAhead("/usage/");
  reader.fetchPageAhead("/settings/");
  assert.deepEqual(pages, ["/usage/"]);
});

test("fetching ahead has a budget of a minute, in number", () => {
  const reader = make();
  for (let number = 0; number < 20; number++) reader.fetchAhead(String(number));
  assert.equal(asked.length, 10);
  now = 61_000;
  reader.fetchAhead("later");
  assert.equal(asked.length, 11);
});

test("fetching ahead has a budget of a minute, in size", async () => {
  answer = () => json("large", "x".repeat(1_000_000));
  const reader = make();
  reader.fetchAhead("a");
  await new Promise(setImmediate);
  reader.fetchAhead("b");
  assert.equal(asked.length, 1);
});

test("without a connection what was read is read again, and what was not says so", async () => {
  answer = () => {
    throw new ApiError("offline", "gone");
  };
  kept.set("a", json("a"));
  assert.equal((await make().read("a")).id, "a");
  await assert.rejects(make().read("b"), { code: "offline" });
});

test("what is no longer there is not kept either", async () => {
  answer = () => {
    throw new ApiError("not_found", "gone");
  };
  kept.set("a", json("a"));
  await assert.rejects(make().read("a"), { code: "not_found" });
  assert.deepEqual(forgotten, ["a"]);
});

test("what was likely and is opened says what was not waited for, once", async () => {
  const reader = make();
  const used = [];
  reader.onUsed = (...told) => used.push(told);
  answer = async (path) => (await null, (now += 80), json(path.split("/").pop().split("?")[0]));
  reader.fetchAhead("a", { likely: true });
  assert.deepEqual(asked, ["/api/conversations/a?ahead=likely"]);
  await new Promise(setImmediate);
  now = 60_000; // longer than what a pointer has fetched would be kept
  await reader.read("a");
  await reader.read("a");
  assert.deepEqual(used, [["a", 80]]);
});

test("what the pointer has fetched claims nothing", async () => {
  const reader = make();
  reader.onUsed = () => assert.fail("nobody guessed");
  reader.fetchAhead("a");
  await reader.read("a");
});

test("without a connection nothing that was fetched is taken for news", async () => {
  const reader = make();
  reader.fetchAhead("a", { likely: true });
  reader.dropAll();
  await reader.read("a");
  assert.equal(asked.length, 2);
});
