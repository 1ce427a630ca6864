/**
 * What has to be read from the server because no frame brings it: another branch, what was missed, what is
 * above. Each leaves the chat alone if another conversation is shown by the time the answer comes.
 *
 * @typedef {import("./chat.js").Chat} Chat
 */

/** Read the shown conversation again. @param {Chat} chat @param {string} [leaf] a message of the branch to show */
export async function reread(chat, leaf) {
  const { conversation } = chat;
  if (!conversation.id || !chat.read) return;
  const json = await chat.read(conversation.id, leaf ? `?leaf=${encodeURIComponent(leaf)}` : "");
  if (chat.conversation === conversation) chat.show(json);
}

/** After a time without connection: show what other tabs have added meanwhile. @param {Chat} chat */
export async function catchUp(chat) {
  const { conversation } = chat;
  if (!conversation.id || conversation.busy || !chat.read) return;
  const json = await chat.read(conversation.id).catch(() => null);
  const isNews = json && json.leaf_id !== (conversation.last?.id ?? null);
  if (isNews && chat.conversation === conversation && !conversation.busy) chat.show(json);
}

/** Read the messages above the first one. @param {Chat} chat */
export async function readEarlier(chat) {
  const { conversation } = chat;
  const first = conversation.entries[0];
  if (!conversation.id || !conversation.earlier || !first || !chat.read) return;
  const json = await chat.read(conversation.id, `?before=${first.id}`);
  for (const message of json.messages) if (message.generation) chat.catalogue.nameProvider(message.generation);
  conversation.prepend(json);
  if (chat.conversation === conversation) chat.emit("entries", { above: true });
}
