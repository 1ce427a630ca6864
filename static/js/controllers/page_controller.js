import { Controller } from "../lib/attach.js";

/**
 * What the chat page's controllers share. `page` carries their events to each other: `announce` (text for the
 * status line), `toast` ({text, undo?}), `open` (a conversation's id, or null), `model` (a model to be chosen),
 * `edit` (a question to be asked otherwise), `point` (to a message, by its id), `find` (to the search of the list), `lines` (the whole list anew),
 * `models` (all of them anew), `rebound` (keys have changed), `temporary` (begin a chat that is not stored).
 *
 * @typedef {object} App
 * @property {import("../models/chat.js").Chat} chat
 * @property {import("../lib/socket.js").ChatSocket} socket
 * @property {import("../lib/store.js").Store} store what this browser remembers for this user
 * @property {import("../lib/shelf.js").Shelf} shelf what it keeps to be read offline
 * @property {import("../lib/reader.js").Reader} reader
 * @property {boolean} isShell the page came from this device, because the server could not be reached
 * @property {import("../lib/emitter.js").Emitter} page
 * @property {import("../lib/protocol.js").User} user
 * @property {import("../lib/protocol.js").Model[]} models
 * @property {import("../models/flags.js").Flags} flags
 * @property {import("../lib/protocol.js").Preferences} preferences
 * @property {string} model the picker's choice
 * @property {import("../models/conversation_list.js").ConversationList | null} list the lines of the sidebar
 * @property {import("../models/palette.js").Sources} palette what it lists besides its own
 * @property {import("../models/shortcuts.js").Shortcuts} shortcuts
 */
export class PageController extends Controller {
  /** @param {HTMLElement} element @param {App} app */
  constructor(element, app) {
    super(element, app);
    this.app = app;
  }

  get chat() {
    return this.app.chat;
  }
}
