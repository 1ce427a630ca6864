import { HeldKeys } from "../lib/held_keys.js";
import { part } from "../lib/update.js";
import { words } from "../lib/words.js";

/** @typedef {import("../models/shortcuts.js").Action} Action */

/**
 * The one table of what can be done by keys; help and the palette are made from it. Browsers keep Ctrl-N for
 * themselves, except in an installed app, hence its twin.
 * @param {import("./page_controller.js").App} app
 * @returns {Action[]}
 */
export function actions(app) {
  const { chat, page } = app;
  const lastAnswer = () => chat.conversation.entries.findLast((entry) => entry.role === "assistant");
  const lastQuestion = () => chat.conversation.entries.findLast((entry) => entry.role === "user" && !entry.sending);
  const did = words.actions;
  return [
    { name: "palette", title: did.palette, group: "page", keys: ["mod+k"], inFields: true, run: () => palette(app) },
    { name: "help", title: did.help, group: "page", keys: ["mod+/"], inFields: true, run: () => void help(app) },
    { name: "connection", title: did.connection, group: "page", run: () => /** @type {HTMLElement | null} */ (document.querySelector(".pill"))?.click() },
    { name: "theme", title: did.theme, group: "page", run: () => themeButton()?.click(), offered: () => themeButton() !== null },

    { name: "new", title: words.newChat, group: "chat", keys: ["mod+n", "mod+shift+o"], inFields: true, run: () => page.emit("open", null) },
    {
      name: "temporary", title: did.temporary, group: "chat", inFields: true, keys: ["mod+shift+e"],
      run: () => {
        page.emit("temporary");
        page.emit("announce", words.temporaryNote);
      },
    },
    { name: "models", title: did.models, group: "chat", keys: ["mod+shift+m"], inFields: true, run: () => choosers(app, "openModels") },
    { name: "prompts", title: did.prompts, group: "chat", keys: ["/"], inFields: true, when: isEmptyBox, run: () => choosers(app, "openPrompts") },
    { name: "instructions", title: did.instructions, group: "chat", run: () => instructions(app) },
    { name: "write", title: did.write, group: "chat", keys: ["/"], run: () => page.emit("compose", "") },
    { name: "find", title: did.find, group: "chat", keys: ["mod+shift+f"], inFields: true, run: () => page.emit("find") },
    { name: "newest", title: did.newest, group: "chat", keys: ["mod+shift+arrowdown"], run: () => page.emit("follow") },
    { name: "send", title: did.send, group: "chat", keys: ["enter"], fixed: true },
    { name: "line", title: did.line, group: "chat", keys: ["shift+enter"], fixed: true },

    {
      name: "stop", title: did.stop, group: "answer", keys: ["escape"], inFields: true,
      offered: () => chat.conversation.running !== undefined,
      run: () => (chat.conversation.running ? chat.stop() : false),
    },
    {
      name: "again", title: did.again, group: "answer",
      offered: () => !chat.conversation.busy && Boolean(lastAnswer()?.text),
      run: () => {
        const answer = lastAnswer();
        if (answer && !chat.regenerate(answer, { model: app.model })) page.emit("toast", { text: words.notConnected });
      },
    },
    {
      name: "edit", title: did.edit, group: "answer", keys: ["arrowup"], inFields: true,
      offered: () => !chat.conversation.busy && Boolean(lastQuestion()),
      when: isEmptyBox,
      run: () => {
        const question = lastQuestion();
        if (!question || chat.conversation.busy) return false;
        page.emit("edit", question);
      },
    },
    {
      name: "copy", title: did.copy, group: "answer",
      offered: () => Boolean(lastAnswer()?.text),
      run: () => {
        navigator.clipboard.writeText(lastAnswer()?.text ?? "").then(
          () => page.emit("announce", words.copied),
          () => page.emit("toast", { text: words.copyFailed }),
        );
      },
    },

    { name: "rename", title: did.rename, group: "list", keys: ["f2"], fixed: true },
    { name: "delete", title: did.delete, group: "list", keys: ["delete"], fixed: true },
  ];
}

/** In a field a bare key is only for an empty one: anywhere else it writes, or moves the cursor. @param {KeyboardEvent} event */
function isEmptyBox({ target }) {
  return target instanceof HTMLTextAreaElement && target.id === "text" && target.value === "";
}

/** @param {import("./page_controller.js").App} app @param {"openModels" | "openPrompts"} which */
function choosers(app, which) {
  void list(app, () => import("./choosers.js"), (chunk, keys) => chunk[which](app, { keys }));
}

/** @param {import("./page_controller.js").App} app */
function instructions(app) {
  import("./instructions.js").then(
    (chunk) => chunk.openInstructions(app),
    () => app.page.emit("toast", { text: words.notConnected }),
  );
}

function themeButton() {
  return /** @type {HTMLElement | null} */ (document.querySelector("[data-controller~=theme]"));
}

/** @param {import("./page_controller.js").App} app */
function palette(app) {
  void list(app, () => import("./palette.js"), (chunk, keys) => chunk.openPalette(app, { keys }));
}

/** @type {HeldKeys | null} */
let held = null;

/**
 * A list to choose from by typing. What is typed before its code is there is typed into it; asked for once more, or
 * after Escape, it does not come.
 * @template T @param {import("./page_controller.js").App} app @param {() => Promise<T>} load
 * @param {(chunk: T, keys: string[]) => void} open
 */
async function list(app, load, open) {
  if (held) return held.giveUp();
  const mine = (held = new HeldKeys(document));
  const chunk = await part(load);
  held = null;
  const keys = mine.release();
  if (!chunk) app.page.emit("toast", { text: words.notConnected });
  else if (!mine.isGivenUp) open(chunk, keys);
}

/** @param {import("./page_controller.js").App} app */
async function help(app) {
  const chunk = await part(() => import("./shortcut_help.js"));
  if (chunk) chunk.openHelp(app);
  else app.page.emit("toast", { text: words.notConnected });
}
