/** The chat page: its models, its socket, and the controllers its markup names. */
import { actions } from "./controllers/actions.js";
import { Allowance } from "./controllers/allowance.js";
import { Announcer } from "./controllers/announcer.js";
import { Composer } from "./controllers/composer.js";
import { Drawer } from "./controllers/drawer.js";
import { Instructed } from "./controllers/instructed.js";
import { Keys } from "./controllers/keys.js";
import { LineMenu } from "./controllers/line_menu.js";
import { Meter } from "./controllers/meter.js";
import { Navigation } from "./controllers/navigation.js";
import { Pill } from "./controllers/pill.js";
import { Scroll } from "./controllers/scroll.js";
import { Sidebar } from "./controllers/sidebar.js";
import { Suggestions } from "./controllers/suggestions.js";
import { Toast } from "./controllers/toast.js";
import { Transcript } from "./controllers/transcript.js";
import { api } from "./lib/api.js";
import { attach } from "./lib/attach.js";
import { Emitter } from "./lib/emitter.js";
import { ChatSocket, followPage } from "./lib/socket.js";
import { Store } from "./lib/store.js";
import { Chat } from "./models/chat.js";
import { Flags } from "./models/flags.js";
import { Outbox } from "./models/outbox.js";
import { Sources } from "./models/palette.js";
import { Shortcuts } from "./models/shortcuts.js";

/** @type {import("./lib/protocol.js").Boot} */
const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "null");
const prefix = `user:${boot.user.id}:`;

const socket = new ChatSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/chat/`);
const chat = new Chat({
  socket,
  models: boot.models,
  preference: boot.preferences.preference,
  outbox: new Outbox(new Store(sessionStorage, prefix)),
  read: (id, query = "") => api(`/api/conversations/${id}${query}`),
});
chat.show(boot.conversation);

const store = new Store(localStorage, prefix);

/** @type {import("./controllers/page_controller.js").App} */
const app = {
  chat, socket, store, page: new Emitter(), user: boot.user, models: boot.models, flags: new Flags(boot.flags), preferences: boot.preferences, model: "auto",
  palette: new Sources(), list: null,
  shortcuts: new Shortcuts(store, /Mac|iPhone|iPad/.test(navigator.platform)),
};
app.shortcuts.know(actions(app));

attach(
  {
    allowance: Allowance, announcer: Announcer, composer: Composer, drawer: Drawer, instructed: Instructed, keys: Keys, "line-menu": LineMenu, meter: Meter, navigation: Navigation,
    pill: Pill, scroll: Scroll, sidebar: Sidebar, suggestions: Suggestions, toast: Toast, transcript: Transcript,
  },
  app,
);

socket.open();
followPage(socket);
