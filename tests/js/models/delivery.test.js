import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Chat } from "../../../static/js/models/chat.js";
import { unpack } from "../../../static/js/models/delivery.js";
import { Outbox } from "../../../static/js/models/outbox.js";
import { FakeKeep } from "../fake_keep.js";
import { FakeSocket } from "../fake_socket.js";

const C = "00000000-0000-4000-8000-00000000000c";
const READY = { type: "ready", user: { id: 1 }, plan: "free" };
const uuid = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

let socket, keep, chat;

const fresh = () => new Chat({ socket, outbox: new Outbox(keep), models: [], read: async () => null });
const settled = () => new Promise((resolve) => setImmediate(resolve));
const sent = () => socket.sentOf("chat.send");
const sentTexts = () => sent().map((frame) => frame.text);
const accept = (frame, number) =>
  socket.say({
    type: "chat.accepted", client_message_id: frame.client_message_id, conversation_id: C, message_id: uuid(number), generation_id: uuid(number + 50),
  });
const finish = (number) =>
  socket.say(
    { type: "chat.start", generation_id: uuid(number + 50), seq: 1, provider: "p", model: "p/m", tier: "simple", reason: "", cached: null },
    { type: "chat.done", generation_id: uuid(number + 50), seq: 2, message_id: uuid(number + 90), finish_reason: "stop", usage: {}, timing: {} },
  );
const connect = async () => {
  socket.become("open");
  socket.say(READY);
  await settled();
};
const writeOffline = (...texts) => {
  socket.become("waiting");
  for (const text of texts) chat.send(text, "auto");
};

beforeEach(() => {
  socket = new FakeSocket();
  keep = new FakeKeep();
  chat = fresh();
});

test("what is written offline goes out in order, each once the one before it is answered", async () => {
  writeOffline("one", "two", "three");
  await connect();
  assert.deepEqual(sentTexts(), ["one"]);
  accept(sent()[0], 1);
  assert.deepEqual(sentTexts(), ["one"]);
  finish(1);
  assert.deepEqual(sentTexts(), ["one", "two"]);
  assert.equal(sent()[1].conversation_id, C, "the first one has named the conversation");
  accept(sent()[1], 2);
  finish(2);
  accept(sent()[2], 3);
  finish(3);
  assert.deepEqual(sentTexts(), ["one", "two", "three"]);
  assert.deepEqual(chat.conversation.entries.filter((entry) => entry.role === "user").map((entry) => entry.text), ["one", "two", "three"]);
  assert.equal(keep.rows.size, 0);
});

test("the order outlives a reload, and a conversation that was left", async () => {
  writeOffline("one", "two");
  socket = new FakeSocket();
  socket.become("waiting");
  chat = fresh();
  await unpack(chat, true);
  assert.deepEqual(chat.conversation.entries.filter((entry) => entry.sending).map((entry) => entry.text), ["one", "two"]);
  chat.show(null);
  await connect();
  accept(sent()[0], 1);
  assert.deepEqual(sentTexts(), ["one"]);
  finish(1);
  assert.deepEqual(sentTexts(), ["one", "two"]);
});

test("each is sent once a connection, with the same id over the next one", async () => {
  writeOffline("one");
  await connect();
  await connect();
  assert.deepEqual(sentTexts(), ["one", "one"]);
  assert.equal(new Set(sent().map((frame) => frame.client_message_id)).size, 1);
});

test("an answer that ended while nobody heard it is asked for", async () => {
  writeOffline("one");
  await connect(); // and another tab has sent it before
  accept(sent()[0], 1);
  assert.deepEqual(socket.sentOf("chat.resume").map((frame) => [frame.generation_id, frame.after]), [[uuid(51), 0]]);
});

test("what another tab has left goes out from here, and shows where it belongs", async () => {
  await keep.putParcel({ client_message_id: "other", conversation_id: C, text: "from there", model: "auto", written_at: 1 });
  chat.show({ id: C, title: "", leaf_id: null, messages: [] });
  await connect();
  assert.deepEqual(sentTexts(), ["from there"]);
  assert.deepEqual(chat.conversation.entries.map((entry) => entry.text), ["from there", ""]);
});

test("a question written while an answer was cut off waits for its end", async () => {
  chat.send("one", "auto");
  accept(sent()[0], 1);
  writeOffline("two");
  await connect();
  assert.deepEqual(sentTexts(), ["one"]);
  finish(1);
  assert.deepEqual(sentTexts(), ["one", "two"]);
});

test("what followed a refused message is refused with it, and can be sent again", async () => {
  writeOffline("one", "two");
  await connect();
  socket.say({ type: "chat.error", code: "quota_exceeded", message: "No.", client_message_id: sent()[0].client_message_id });
  assert.deepEqual(chat.conversation.entries.filter((entry) => entry.failure).length, 2);
  assert.equal(chat.conversation.busy, false);
  assert.equal(keep.rows.size, 0);
});

test("the words of a refused message that is not shown are given back", async () => {
  writeOffline("one");
  chat.show(null);
  const returned = [];
  chat.on("returned", (parcel) => returned.push(parcel.text));
  await connect();
  socket.say({ type: "chat.error", code: "overloaded", message: "No.", client_message_id: sent()[0].client_message_id });
  assert.deepEqual(returned, ["one"]);
});

test("a clock that goes back changes no order", async () => {
  let now = 1000;
  const outbox = new Outbox(keep, () => now);
  for (const id of ["a", "b", "c"]) {
    outbox.add({ client_message_id: id, conversation_id: null, text: id, model: "auto" });
    now -= 500;
  }
  assert.deepEqual((await keep.parcels()).map((one) => one.text), ["a", "b", "c"]);
});
