import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Chat } from "../../../static/js/models/chat.js";
import { Outbox } from "../../../static/js/models/outbox.js";
import { FakeKeep } from "../fake_keep.js";
import { FakeSocket } from "../fake_socket.js";

const ids = (number) => `00000000-0000-4000-8000-00000000000${number}`;

let socket, storage, chat;

beforeEach(() => {
  socket = new FakeSocket();
  storage = new FakeKeep();
  chat = new Chat({ socket, outbox: new Outbox(storage), models: [] });
  chat.show(null, true);
});

/** Ask, and let the server answer. */
function answered(question, answer, number) {
  chat.send(question, "auto");
  return answer === null ? null : served(answer, number);
}

function served(answer, number) {
  const frame = socket.sentOf("chat.send").at(-1);
  const generation_id = ids(number);
  socket.say(
    { type: "chat.accepted", client_message_id: frame.client_message_id, conversation_id: null, message_id: ids(number + 1), generation_id },
    { type: "chat.start", generation_id, seq: 1, provider: "p", model: "p/m", tier: "simple", reason: "", cached: null },
    { type: "chat.delta", generation_id, seq: 2, text: answer },
    { type: "chat.done", generation_id, seq: 3, message_id: ids(number + 2), finish_reason: "stop", usage: {}, timing: {} },
  );
  return frame;
}

const texts = () => chat.conversation.entries.map((entry) => entry.text);

test("a temporary question takes along what was said, and gets no conversation", () => {
  let named = 0;
  chat.on("named", () => named++);
  answered("One?", "One.", 1);
  chat.send("Two?", "auto");
  const frame = socket.sentOf("chat.send").at(-1);
  assert.deepEqual(frame.history, [{ role: "user", text: "One?" }, { role: "assistant", text: "One." }]);
  assert.equal(frame.temporary, true);
  assert.equal(frame.conversation_id, null);
  assert.equal(chat.conversation.id, null);
  assert.equal(named, 0);
});

test("nothing of it is written to the browser's storage, though it waits for the connection", () => {
  socket.become("waiting");
  chat.send("Secret?", "auto");
  assert.equal(storage.rows.size, 0);
  socket.become("open");
  socket.say({ type: "ready" });
  assert.equal(socket.sentOf("chat.send").length, 1);
});

test("what waits of it goes when it is left, and never into another chat", () => {
  socket.become("waiting");
  chat.send("Secret?", "auto");
  chat.show(null);
  assert.deepEqual(texts(), []);
  socket.become("open");
  socket.say({ type: "ready" });
  assert.deepEqual(socket.sentOf("chat.send"), []);
});

test("asked again, the answer is replaced and is not among what was said before", () => {
  answered("One?", "One.", 1);
  chat.regenerate(chat.conversation.entries[1]);
  const frame = served("Uno.", 4);
  assert.deepEqual(frame.history, []);
  assert.deepEqual(texts(), ["One?", "Uno."]);
  assert.deepEqual(socket.sentOf("chat.regenerate"), []);
});

test("a question asked otherwise takes the place of all that followed", () => {
  answered("One?", "One.", 1);
  answered("Two?", "Two.", 4);
  assert.equal(chat.edit(chat.conversation.entries[0], "First?", "auto"), true);
  assert.deepEqual(texts().slice(0, 1), ["First?"]);
  assert.equal(socket.sentOf("chat.send").at(-1).edits, undefined);
});

test("an answer whose process is gone was cut off, and can be asked for again", () => {
  chat.send("One?", "auto");
  const { client_message_id } = socket.sentOf("chat.send").at(-1);
  const generation_id = ids(1);
  socket.say({ type: "chat.accepted", client_message_id, conversation_id: null, message_id: ids(2), generation_id });
  socket.say({ type: "chat.error", code: "not_found", message: "x", generation_id });
  assert.equal(chat.conversation.entries[1].generation.state, "interrupted");
});

test("a history that fits no frame loses its oldest part", () => {
  answered("a".repeat(100_000), "b".repeat(100_000), 1);
  assert.deepEqual(chat.conversation.history.map(({ text }) => text[0]), ["b"]);
});

test("instructions go with the question that begins a conversation, and with no later one", () => {
  chat.show(null);
  chat.conversation.instructions = "Be brief.";
  chat.send("One?", "auto");
  assert.equal(socket.sentOf("chat.send").at(-1).instructions, "Be brief.");
  chat.show({ id: ids(9), title: "", leaf_id: null, messages: [] });
  chat.conversation.instructions = "Be brief.";
  chat.send("Two?", "auto");
  assert.equal(socket.sentOf("chat.send").at(-1).instructions, undefined);
});
