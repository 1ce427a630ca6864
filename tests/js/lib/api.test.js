import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError, api } from "../../../static/js/lib/api.js";

/** What the server was asked, and what lets each answer go. @type {{asked: string, answer: (status?: number, body?: object) => void}[]} */
let held;

beforeEach(() => {
  held = [];
  globalThis.document = /** @type {Document} */ ({ cookie: "" });
  globalThis.fetch = (path, { method }) =>
    new Promise((resolve) => {
      held.push({
        asked: `${method} ${path}`,
        answer: (status = 200, body = {}) => resolve(new Response(status === 204 ? null : JSON.stringify(body), { status })),
      });
    });
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const asked = () => held.map((one) => one.asked);

test("changes of one thing go out in their order, each behind the answer to the one before", async () => {
  const renamed = api("/api/conversations/a", { method: "PATCH", body: { title: "Quinces" } });
  const deleted = api("/api/conversations/a", { method: "DELETE" });
  const restored = api("/api/conversations/a/restore", { method: "POST" });
  await turn();
  assert.deepEqual(asked(), ["PATCH /api/conversations/a"]);
  held[0]?.answer();
  await renamed;
  await turn();
  assert.deepEqual(asked().slice(1), ["DELETE /api/conversations/a"]);
  held[1]?.answer(204);
  assert.equal(await deleted, null);
  await turn();
  held[2]?.answer();
  await restored;
  assert.deepEqual(asked().slice(2), ["POST /api/conversations/a/restore"]);
});

test("one that is refused keeps the next one from nothing", async () => {
  const refused = api("/api/messages/a", { method: "PATCH", body: {} });
  const next = api("/api/messages/a", { method: "PATCH", body: {} });
  await turn();
  held[0]?.answer(400, { error: { code: "bad_request", message: "No." } });
  await assert.rejects(refused, new ApiError("bad_request", "No."));
  await turn();
  held[1]?.answer(200, { fine: true });
  assert.deepEqual(await next, { fine: true });
});

test("other things, and questions, wait for nobody", async () => {
  api("/api/conversations/a", { method: "PATCH", body: {} });
  api("/api/conversations/b", { method: "PATCH", body: {} });
  api("/api/conversations/a");
  api("/api/conversations?q=a");
  await turn();
  assert.equal(held.length, 4);
});
