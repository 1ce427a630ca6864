import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversationList } from "../../../static/js/models/conversation_list.js";

const line = (id, day, more = {}) => ({ id, title: id, updated_at: `2026-01-0${day}`, pinned: false, archived: false, ...more });
const ids = (list) => list.shown.map((one) => one.id).join("");

test("a pinned line stands above newer ones", () => {
  const list = new ConversationList([line("b", 2), line("a", 1)]);
  assert.equal(list.apply({ id: "a", pinned: true }, "New"), true);
  assert.equal(ids(list), "ab");
});

test("what changes nothing that is seen asks for no drawing", () => {
  const list = new ConversationList([line("b", 2), line("a", 1)]);
  assert.equal(list.apply({ id: "b", updated_at: "2026-01-05" }, "New"), false);
  assert.equal(list.apply({ id: "a", updated_at: "2026-01-06" }, "New"), true);
  assert.equal(ids(list), "ab");
});

test("an archived line changes lists, and comes back with the next question in it", () => {
  const list = new ConversationList([line("b", 2), line("a", 1)]);
  list.apply({ id: "a", archived: true }, "New");
  assert.equal(ids(list), "b");
  list.archived = [line("a", 1, { archived: true })];
  list.apply({ id: "a", updated_at: "2026-01-07" }, "New");
  assert.equal(ids(list), "");
  list.archived = null;
  assert.equal(ids(list), "ab");
});

test("a deleted line leaves what a search found as well", () => {
  const list = new ConversationList([line("a", 1)]);
  list.found = [line("a", 1), line("x", 1)];
  list.apply({ id: "a", deleted: true }, "New");
  assert.equal(ids(list), "x");
});

test("late news of a deleted line does not bring it back, a restored one comes back", () => {
  const list = new ConversationList([line("b", 2), line("a", 1)]);
  list.apply({ id: "a", deleted: true }, "New");
  assert.equal(list.apply({ id: "a", title: "A title made in the background" }, "New"), false);
  list.append([line("a", 1)], false);
  assert.equal(ids(list), "b");
  assert.equal(list.apply({ id: "a", deleted: false, title: "a", updated_at: "2026-01-01" }, "New"), true);
  list.apply({ id: "a", title: "Quinces" }, "New");
  assert.deepEqual(list.shown.map((one) => one.title), ["b", "Quinces"]);
});

test("what comes from further down is not shown twice", () => {
  const list = new ConversationList([line("c", 3), line("b", 2)], true);
  list.append([line("b", 2), line("a", 1)], false);
  assert.equal(ids(list), "cba");
  assert.equal(list.hasMore, false);
});
