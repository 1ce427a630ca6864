/**
 * What is read is kept, a moment later: the shown conversation as it stands, whenever it has changed.
 * Nothing of it is on the way of what the reader sees.
 */
const AFTER_MS = 600;

/** @param {import("../models/chat.js").Chat} chat @param {import("./shelf.js").Shelf} shelf */
export function keepRead(chat, shelf) {
  /** @type {number | undefined} */
  let timer;
  let due = chat.conversation;
  const keep = () => {
    clearTimeout(timer);
    timer = undefined;
    const json = due.asRead();
    if (json) void shelf.keep(json);
  };
  const soon = () => {
    // Another one is shown already: the one before it is whole, and kept now.
    if (timer !== undefined && due !== chat.conversation) keep();
    clearTimeout(timer);
    due = chat.conversation;
    timer = setTimeout(keep, AFTER_MS);
  };
  for (const event of ["shown", "ended", "named", "titled"]) chat.on(event, soon);
  chat.on("listed", ({ id, deleted }) => {
    if (deleted) void shelf.forget(id);
  });
  soon();
}
