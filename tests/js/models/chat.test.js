import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Chat } from "../../../static/js/models/chat.js";
import { unpack } from "../../../static/js/models/delivery.js";
import { Outbox } from "../../../static/js/models/outbox.js";
import { readEarlier } from "../../../static/js/models/reading.js";
import { FakeKeep } from "../fake_keep.js";
import { FakeSocket } from "../fake_socket.js";

const C = "00000000-0000-4000-8000-00000000000c";
const Q = "00000000-0000-4000-8000-000000000001";
const A = "00000000-0000-4000-8000-000000000002";
const A2 = "00000000-0000-4000-8000-000000000003";
const G = "00000000-0000-4000-8000-00000000000a";
const G2 = "00000000-0000-4000-8000-00000000000b";

let socket, keep, chat, reads;

function fresh() {
  const made = new Chat({
    socket,
    outbox: new Outbox(keep),
    models: [
      { name: "nim/nano", title: "nano", provider: "nim", provider_title: "NVIDIA NIM" },
      { name: "nim/big", title: "big", provider: "nim", provider_title: "NVIDIA NIM" },
      { name: "groq/fast", title: "fast", provider: "groq", provider_title: "Groq" },
    ],
    read: async (id, query) => {
      reads.push([id, query]);
      return query?.startsWith("?before") ? { messages: [message("old", "user", "Earlier.")], earlier: false } : { ...saved(), leaf_id: A2 };
    },
  });
  return made;
}

beforeEach(() => {
  socket = new FakeSocket();
  keep = new FakeKeep();
  reads = [];
  chat = fresh();
});

const message = (id, role, text, more = {}) => ({
  id, role, text, parent_id: role === "user" ? null : Q, created_at: "2025-01-01T00:00:00Z",
  siblings: { index: 0, count: 1, ids: [id] }, generation: null, ...more,
});
const saved = (state = "complete") => ({
  id: C, title: "Queues", leaf_id: A,
  messages: [message(Q, "user", "Why?"), message(A, "assistant", state === "running" ? "" : "Because.", { generation: { id: G, state } })],
});
const start = (id = G) => ({ type: "chat.start", generation_id: id, seq: 1, provider: "nim", model: "nim/nano", tier: "simple", reason: "", cached: null });
const delta = (seq, text, id = G) => ({ type: "chat.delta", generation_id: id, seq, text });
const done = (seq, id = G, messageId = A) => ({ type: "chat.done", generation_id: id, seq, message_id: messageId, finish_reason: "stop", usage: {}, timing: {} });
const accepted = (cid) => ({ type: "chat.accepted", client_message_id: cid, conversation_id: C, message_id: Q, generation_id: G });
const READY = { type: "ready", user: { id: 1 }, plan: "free" };
const texts = () => chat.conversation.entries.map((entry) => entry.text);
const sendOne = () => {
  chat.send("Why?", "auto");
  return socket.sentOf("chat.send").at(-1).client_message_id;
};

test("a question is drawn before the server has heard it", () => {
  chat.send("Why?", "auto");
  assert.deepEqual(texts(), ["Why?", ""]);
  assert.equal(chat.conversation.busy, true);
});

test("accepted, started, said, done", () => {
  const cid = sendOne();
  socket.say(accepted(cid), start(), delta(2, "Be"), delta(3, "cause."), done(4));
  const [question, answer] = chat.conversation.entries;
  assert.equal(question.id, Q);
  assert.equal(answer.id, A);
  assert.equal(answer.text, "Because.");
  assert.equal(answer.generation.provider_title, "NVIDIA NIM");
  assert.equal(chat.conversation.id, C);
  assert.equal(chat.conversation.busy, false);
});

test("frames that come before their acceptance are kept for it", () => {
  const cid = sendOne();
  socket.say(start(), delta(2, "Because."), done(3), accepted(cid));
  assert.deepEqual(texts(), ["Why?", "Because."]);
  assert.equal(chat.conversation.busy, false);
});

test("a message is sent again with its own id until it is accepted", () => {
  socket.state = "waiting";
  chat.send("Why?", "auto");
  assert.equal(socket.sent.length, 0);
  socket.state = "open";
  socket.say(READY);
  socket.say(READY);
  const ids = socket.sentOf("chat.send").map((frame) => frame.client_message_id);
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
  socket.say(accepted(ids[0]), { type: "ready" });
  assert.equal(socket.sentOf("chat.send").length, 2);
});

test("a message not yet accepted survives a reload", async () => {
  socket.state = "waiting";
  chat.send("Why?", "auto");
  chat = fresh();
  await unpack(chat, true);
  assert.deepEqual(texts(), ["Why?", ""]);
});

test("a message that was accepted just before a reload is not shown twice", async () => {
  const cid = sendOne();
  chat = fresh();
  chat.show(saved());
  await chat.outbox.load();
  chat.outbox.parcels[0].conversation_id = C;
  chat.show(saved());
  socket.say(accepted(cid));
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("the sending tab does not draw its own message twice", () => {
  const cid = sendOne();
  const updated = {
    type: "conversation.updated", conversation_id: C, title: "Why?", generation_id: G, answer: { id: A, parent_id: Q },
    message: { id: Q, role: "user", text: "Why?", parent_id: null, client_message_id: cid },
  };
  socket.say(updated, accepted(cid), updated);
  assert.deepEqual(texts(), ["Why?", ""]);
  assert.equal(chat.conversation.entries[1].id, A);
});

test("a gap asks once for what is missing", () => {
  const cid = sendOne();
  socket.say(accepted(cid), start(), delta(3, "b"), delta(4, "c"));
  assert.deepEqual(socket.sentOf("chat.resume"), [{ type: "chat.resume", generation_id: G, after: 1 }]);
  socket.say(delta(2, "a"), delta(3, "b"), delta(4, "c"), done(5));
  assert.equal(chat.conversation.entries[1].text, "abc");
});

test("a running answer is asked for from its start when the page opens, and from its middle after a break", () => {
  chat.show(saved("running"));
  socket.say(start(), delta(2, "Be"));
  socket.say({ type: "ready" });
  assert.deepEqual(socket.sentOf("chat.resume").map((frame) => frame.after), [0, 2]);
  socket.say(delta(3, "cause."), done(4));
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("another tab's question and answer are drawn here", () => {
  chat.show({ id: C, title: "Queues", leaf_id: null, messages: [] });
  socket.say({
    type: "conversation.updated", conversation_id: C, generation_id: G, answer: { id: A, parent_id: Q },
    message: { id: Q, role: "user", text: "Why?", parent_id: null, client_message_id: "other" },
  });
  socket.say(start(), delta(2, "Because."), done(3));
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("what happens in another conversation changes nothing here", () => {
  chat.show(saved());
  socket.say({ type: "conversation.updated", conversation_id: "other", generation_id: G2, message: { id: "x", role: "user", text: "?" } });
  socket.say(start(G2), delta(2, "?", G2));
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("an answer goes on while another conversation is shown", () => {
  const cid = sendOne();
  socket.say(accepted(cid), start(), delta(2, "Be"));
  chat.show(null);
  socket.say(delta(3, "cause."));
  chat.show(saved("running"));
  socket.say(done(4));
  assert.deepEqual(texts(), ["Why?", "Because."]);
  assert.equal(socket.sentOf("chat.resume").length, 0);
});

test("a further version takes the answer's place and counts itself", () => {
  chat.show(saved());
  assert.equal(chat.regenerate(chat.conversation.entries[1]), true);
  const [frame] = socket.sentOf("chat.regenerate");
  assert.equal(frame.message_id, A);
  socket.say({ type: "chat.accepted", id: frame.id, conversation_id: C, message_id: Q, generation_id: G2 });
  socket.say(start(G2), delta(2, "Therefore.", G2), done(3, G2, A2));
  assert.deepEqual(texts(), ["Why?", "Therefore."]);
  assert.deepEqual(chat.conversation.entries[1].siblings, { index: 1, count: 2, ids: [A, A2] });
});

test("a refused version brings the old one back", () => {
  chat.show(saved());
  chat.regenerate(chat.conversation.entries[1]);
  const [frame] = socket.sentOf("chat.regenerate");
  socket.say({ type: "chat.error", id: frame.id, code: "rate_limited", message: "slow down" });
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("a version that was never accepted brings the old one back when the socket goes", () => {
  chat.show(saved());
  chat.regenerate(chat.conversation.entries[1]);
  socket.become("waiting");
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("without a connection there is no further version", () => {
  chat.show(saved());
  socket.state = "waiting";
  assert.equal(chat.regenerate(chat.conversation.entries[1]), false);
  assert.deepEqual(texts(), ["Why?", "Because."]);
});

test("a continued answer that fails at once keeps what it had", () => {
  chat.show(saved("interrupted"));
  chat.regenerate(chat.conversation.entries[1], { goOn: true });
  const [frame] = socket.sentOf("chat.regenerate");
  assert.equal(frame.continue, true);
  socket.say({ type: "chat.accepted", id: frame.id, conversation_id: C, message_id: Q, generation_id: G2 });
  socket.say({ type: "chat.error", generation_id: G2, seq: 1, code: "overloaded", message: "" });
  assert.equal(chat.conversation.entries[1].text, "Because.");
});

test("a refused question keeps its text and says why, and can be sent again as a new one", () => {
  const cid = sendOne();
  socket.say({ type: "chat.error", client_message_id: cid, code: "quota_exceeded", message: "used up" });
  const [question, answer] = chat.conversation.entries;
  assert.equal(answer.failure.code, "quota_exceeded");
  assert.equal(chat.conversation.busy, false);
  chat.resend(question, "auto");
  assert.equal(chat.conversation.entries.length, 2);
  assert.notEqual(socket.sentOf("chat.send").at(-1).client_message_id, cid);
});

test("stop names the running generation", () => {
  const cid = sendOne();
  socket.say(accepted(cid), start());
  chat.stop();
  assert.deepEqual(socket.sentOf("chat.stop"), [{ type: "chat.stop", generation_id: G }]);
});

test("after a break, what another tab has added meanwhile is shown", async () => {
  chat.show(saved());
  socket.say({ type: "ready" });
  assert.equal(reads.length, 0);
  socket.say({ type: "ready" });
  await new Promise(setImmediate);
  assert.equal(reads.length, 1);
});

test("a title made in the background reaches the page", () => {
  chat.show(saved());
  socket.say({ type: "conversation.updated", conversation_id: C, title: "Backpressure" });
  assert.equal(chat.conversation.title, "Backpressure");
});

test("a frame of an unknown kind is nobody's business", () => {
  assert.doesNotThrow(() => socket.say({ type: "surprise" }, { type: "chat.delta" }));
});

test("after a seam the receipt names who finished", () => {
  const cid = sendOne();
  socket.say(accepted(cid), start(), delta(2, "Be"), { type: "chat.retry", generation_id: G, seq: 3, from: "nim/nano", to: "groq/fast", reason: "" });
  socket.say(delta(4, "cause."), done(5));
  assert.equal(chat.conversation.entries[1].generation.provider_title, "Groq");
});

test("a seam names providers, or models where the provider is one", () => {
  assert.deepEqual(chat.catalogue.seamNames("nim/nano", "groq/fast"), ["NVIDIA NIM", "Groq"]);
  assert.deepEqual(chat.catalogue.seamNames("nim/nano", "nim/big"), ["nano", "big"]);
  assert.deepEqual(chat.catalogue.seamNames("gone/a", "gone/b"), ["gone/a", "gone/b"]);
});

test("older messages come in above, once", async () => {
  chat.show({ ...saved(), earlier: true });
  await readEarlier(chat);
  await readEarlier(chat);
  assert.deepEqual(texts(), ["Earlier.", "Why?", "Because."]);
  assert.deepEqual(reads, [[C, `?before=${Q}`]]);
});
