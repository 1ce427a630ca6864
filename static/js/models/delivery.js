/**
 * How messages leave the outbox: sent in order, taken up by the page that finds them, given back where they
 * are refused.
 *
 * @typedef {import("./chat.js").Chat} Chat
 * @typedef {import("./outbox.js").Parcel} Parcel
 */

/** Send what may go now. @param {Chat} chat */
export function sendDue(chat) {
  if (chat.socket.state !== "open") return;
  for (const frame of chat.outbox.due((generationId) => chat.answers.get(generationId)?.running ?? false)) {
    if (!chat.socket.send(frame)) chat.outbox.unsent(frame.client_message_id);
  }
}

/** Draw the waiting messages of the shown conversation; of a new chat only the one that was written last. @param {Chat} chat @param {Parcel[]} parcels */
export function takeUp(chat, parcels) {
  const { conversation } = chat;
  const newest = parcels.findLast((one) => one.conversation_id === null);
  let drawn = 0;
  for (const parcel of parcels) {
    if (parcel.conversation_id !== conversation.id) continue;
    if (parcel.conversation_id === null && rootOf(chat, parcel) !== (newest && rootOf(chat, newest))) continue;
    if (conversation.entries.some((entry) => entry.client_message_id === parcel.client_message_id)) continue;
    conversation.ask(parcel.client_message_id, parcel.text);
    drawn += 1;
  }
  return drawn > 0;
}

/** The message its chat begins with. @param {Chat} chat @param {Parcel} parcel @returns {string} */
function rootOf(chat, parcel) {
  const before = parcel.follows && chat.outbox.find(parcel.follows);
  return before ? rootOf(chat, before) : parcel.client_message_id;
}

/** Read what is kept, show what belongs here, send what may go. @param {Chat} chat @param {boolean} [isFirst] the page has just come: a chat without a name may be this one */
export async function unpack(chat, isFirst = false) {
  const kept = await chat.outbox.load();
  const wanted = isFirst && chat.conversation.entries.length === 0;
  const fitting = kept.filter((parcel) => parcel.conversation_id !== null || wanted);
  if (takeUp(chat, fitting)) chat.emit("entries");
  if (chat.outbox.parcels.length > 0) chat.emit("waiting");
  sendDue(chat);
}

/**
 * A message was accepted: what follows it waits for its answer, also if that is not shown.
 * @param {Chat} chat @param {import("../lib/protocol.js").Frame} frame
 */
export function accept(chat, frame) {
  const { outbox } = chat;
  const parcel = outbox.take(frame.client_message_id);
  const goesOn = outbox.advance(frame.client_message_id, frame.conversation_id, frame.generation_id);
  chat.place(frame.client_message_id, frame.conversation_id, frame.message_id, frame.generation_id);
  if (goesOn) chat.follow(frame.generation_id);
  const answer = parcel?.again && chat.answers.get(frame.generation_id);
  if (answer && answer.seq === 0 && !answer.resuming) chat.resume(answer);
}

/**
 * A message was refused, and with it what was written after it. Shown ones say so and can be sent again; the
 * words of the others are given back (`returned`).
 * @param {Chat} chat @param {string} clientMessageId @param {import("../lib/protocol.js").Failure} failure
 * @returns {boolean} was the first of them shown?
 */
export function refuse(chat, clientMessageId, failure) {
  const { conversation, outbox } = chat;
  const followers = outbox.followers(clientMessageId);
  const refused = outbox.take(clientMessageId);
  for (const parcel of followers) outbox.take(parcel.client_message_id);
  const isShown = fail(conversation, clientMessageId, failure);
  const lost = followers.filter((parcel) => !fail(conversation, parcel.client_message_id, failure));
  if (refused && !isShown) lost.unshift(refused);
  for (const parcel of lost) chat.emit("returned", parcel);
  return isShown;
}

/** @param {import("./conversation.js").Conversation} conversation @param {string} clientMessageId @param {import("../lib/protocol.js").Failure} failure */
function fail(conversation, clientMessageId, failure) {
  const question = conversation.entries.find((entry) => entry.sending && entry.client_message_id === clientMessageId);
  if (!question) return false;
  question.sending = false;
  const answer = conversation.entries.find((entry) => entry.waitsFor === clientMessageId);
  if (answer) {
    answer.waitsFor = undefined;
    answer.failure = failure;
  }
  return true;
}
