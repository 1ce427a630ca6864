import { api } from "../lib/api.js";
import { idInAddress } from "./navigation.js";

/**
 * The page that is kept on this device, for when the server cannot be reached: it shows what was read here, and
 * takes what is written. With the first connection it becomes what the server would have rendered.
 * @param {import("./page_controller.js").App} app
 */
export function beOffline(app) {
  const { chat, page, shelf, user } = app;
  const account = document.querySelector("[data-account]");
  if (account && !user.guest) account.textContent = user.name;
  document.documentElement.toggleAttribute("data-guest", user.guest);
  void shelf.list().then((lines) => page.emit("lines", { lines }));
  const id = idInAddress();
  if (id) page.emit("open", id);

  const unlisten = chat.on("frame:ready", async (/** @type {import("../lib/protocol.js").Frame} */ frame) => {
    unlisten();
    // Somebody else's session, by now: the page is theirs, and the server renders it.
    if (frame.user.id !== user.id) return location.reload();
    const [list, models] = await Promise.all([api("/api/conversations"), api("/api/models")]).catch(() => []);
    if (list) page.emit("lines", { lines: list.conversations, more: list.more });
    if (models) page.emit("models", models.models);
  });
  chat.wasReady = true; // what is shown may be old: the first connection catches up
}
