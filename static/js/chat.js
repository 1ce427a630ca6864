/**
 * The chat page: its models, its socket, and the controllers its markup names. The server renders it for a user;
 * the service worker keeps one for nobody, which becomes the user's from what this device has kept.
 */
import { actions } from "./controllers/actions.js";
import { Ahead } from "./controllers/ahead.js";
import { Allowance } from "./controllers/allowance.js";
import { Announcer } from "./controllers/announcer.js";
import { Composer } from "./controllers/composer.js";
import { Drawer } from "./controllers/drawer.js";
import { FollowUps } from "./controllers/follow_ups.js";
import { Ghost } from "./controllers/ghost.js";
import { Instructed } from "./controllers/instructed.js";
import { Keys } from "./controllers/keys.js";
import { LineMenu } from "./controllers/line_menu.js";
import { Meter } from "./controllers/meter.js";
import { Navigation } from "./controllers/navigation.js";
import { beOffline } from "./controllers/offline_page.js";
import { Pill } from "./controllers/pill.js";
import { Scroll } from "./controllers/scroll.js";
import { Sidebar } from "./controllers/sidebar.js";
import { Suggestions } from "./controllers/suggestions.js";
import { Toast } from "./controllers/toast.js";
import { Transcript } from "./controllers/transcript.js";
import { UpdateBar } from "./controllers/update_bar.js";
import { attach } from "./lib/attach.js";
import { given, moveIn, remembered } from "./lib/boot.js";
import { Database } from "./lib/database.js";
import { Emitter } from "./lib/emitter.js";
import { keepRead } from "./lib/keep_read.js";
import { Reader } from "./lib/reader.js";
import { Shelf } from "./lib/shelf.js";
import { ChatSocket, followPage } from "./lib/socket.js";
import { Store } from "./lib/store.js";
import { Chat } from "./models/chat.js";
import { unpack } from "./models/delivery.js";
import { Flags } from "./models/flags.js";
import { Outbox } from "./models/outbox.js";
import { Sources } from "./models/palette.js";
import { Shortcuts } from "./models/shortcuts.js";

const database = new Database();
const written = given();
// The page kept on this device knows nobody: who was here last is looked up.
const isShell = !written.user;
const boot = isShell ? await remembered(database) : written;
if (boot) begin(boot);
else nobody();

/** @param {import("./lib/protocol.js").Boot} boot */
function begin(boot) {
  const { user, models, preferences } = boot;
  const prefix = `user:${user.id}:`;
  const shelf = new Shelf(database, user.id);
  const reader = new Reader(shelf);
  const socket = new ChatSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/chat/`);
  const chat = new Chat({
    socket, models, preference: preferences.preference, outbox: new Outbox(shelf), read: (id, query) => reader.read(id, query),
  });
  chat.show(boot.conversation);

  const store = new Store(localStorage, prefix);
  /** @type {import("./controllers/page_controller.js").App} */
  const app = {
    chat, socket, store, shelf, reader, isShell, page: new Emitter(), user, models, flags: new Flags(boot.flags), preferences,
    model: "auto", palette: new Sources(), list: null,
    shortcuts: new Shortcuts(store, /Mac|iPhone|iPad/.test(navigator.platform)),
  };
  app.shortcuts.know(actions(app));

  attach(
    {
      ahead: Ahead, allowance: Allowance, announcer: Announcer, composer: Composer, drawer: Drawer, "follow-ups": FollowUps, ghost: Ghost, instructed: Instructed, keys: Keys,
      "line-menu": LineMenu, meter: Meter, navigation: Navigation, pill: Pill, scroll: Scroll, sidebar: Sidebar,
      suggestions: Suggestions, toast: Toast, transcript: Transcript, update: UpdateBar,
    },
    app,
  );

  takeShared(app);
  void unpack(chat, true);
  socket.open();
  followPage(socket);
  keepRead(chat, shelf);
  performance.mark("interactive");
  if (isShell) beOffline(app);
  else {
    void moveIn(boot, database);
    afterLoad(() => import("./controllers/survey.js").then((chunk) => chunk.watch(app)));
    if (boot.timings) afterLoad(() => import("./lib/timings.js").then((chunk) => chunk.watch(app, boot.timings ?? "")));
  }
}

/** What nobody waits for, when all the rest has come: it costs nothing that is measured. @param {() => Promise<unknown>} work */
function afterLoad(work) {
  const begin = () => setTimeout(() => void work().catch(() => {}), 500);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}

/** What another app has shared comes after the "#", so that no server ever logs it. @param {import("./controllers/page_controller.js").App} app */
function takeShared({ page }) {
  const shared = new URLSearchParams(location.hash.slice(1));
  const text = ["title", "text", "url"].map((name) => shared.get(name) ?? "").filter(Boolean).join("\n");
  if (!text) return;
  history.replaceState(null, "", location.pathname);
  page.emit("compose", text);
}

/** The page of this device, and nobody has left anything here: it says so, and waits for the server. */
function nobody() {
  document.body.dataset.nobody = "";
  attach({ drawer: Drawer }, { page: new Emitter() });
  addEventListener("online", () => location.reload());
}
