import { oncePerFrame } from "../lib/frame_clock.js";
import { estimate } from "../models/estimate.js";
import { PageController } from "./page_controller.js";

/** The box one writes in: grows with the text, keeps a draft for each conversation, sends or stops. */
export class Composer extends PageController {
  /** @override */
  connect() {
    this.box = /** @type {HTMLTextAreaElement} */ (this.target("text"));
    this.picker = /** @type {HTMLSelectElement} */ (this.target("model"));
    this.sendButton = /** @type {HTMLButtonElement} */ (this.target("send"));
    this.stopButton = this.target("stop");
    this.estimateLine = this.target("estimate");
    /** The question that is being asked otherwise. @type {import("../models/conversation.js").Entry | undefined} */
    this.edited = undefined;
    this.weigh = oncePerFrame(() => this.drawEstimate());
    this.fillPicker();
    this.takeDraft();
    this.drawState();
    this.chat.on("shown", () => {
      this.endEditing();
      this.takeDraft();
      this.drawState();
      if (matchMedia("(pointer: fine)").matches) this.box?.focus({ preventScroll: true });
    });
    this.chat.on("named", () => this.app.store.write(`draft:${this.chat.conversation.id}`, this.box?.value ?? ""));
    this.chat.on("entries", () => this.drawState());
    this.chat.on("returned", (/** @type {import("../models/outbox.js").Parcel} */ parcel) => this.giveBack(parcel));
    this.app.socket.on("state", () => this.drawState());
    this.app.page.on("model", (/** @type {string} */ name) => {
      if (this.picker) this.picker.value = name;
      this.choose();
    });
    this.app.page.on("models", (/** @type {import("../lib/protocol.js").Model[]} */ models) => {
      this.app.models.splice(0, this.app.models.length, ...models); // one array, that others hold too
      this.picker?.querySelectorAll("optgroup").forEach((group) => group.remove());
      this.fillPicker();
    });
    this.app.page.on("edit", (/** @type {import("../models/conversation.js").Entry} */ entry) => this.beginEditing(entry));
    this.app.page.on("compose", (/** @type {string} */ text) => {
      if (!this.box) return;
      if (text) this.box.value = text;
      this.changed();
      this.box.focus();
    });
  }

  fillPicker() {
    const { models } = this.app;
    /** @type {Map<string, HTMLOptGroupElement>} */
    const groups = new Map();
    for (const model of models.filter((one) => one.configured)) {
      const group = groups.get(model.provider) ?? document.createElement("optgroup");
      group.label = model.provider_title;
      groups.set(model.provider, group);
      group.append(new Option(model.title, model.name));
    }
    this.picker?.append(...groups.values());
    // What was chosen here holds until the settings name another model.
    const { model: usual } = this.app.preferences;
    const kept = this.app.store.read("model");
    const chosen = kept?.instead === usual ? kept.name : usual;
    if (this.picker && models.some((model) => model.configured && model.name === chosen)) this.picker.value = chosen;
    this.app.model = this.picker?.value ?? "auto";
  }

  choose() {
    if (!this.picker) return;
    this.app.model = this.picker.value;
    const { model: usual } = this.app.preferences;
    this.app.store.write("model", this.picker.value === usual ? null : { name: this.picker.value, instead: usual });
    this.weigh?.();
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const text = this.box?.value.trim() ?? "";
    if (!text || this.mustWait || !this.box) return;
    const { edited } = this;
    if (edited) this.endEditing();
    if (edited) this.chat.edit(edited, text, this.app.model);
    else {
      this.chat.send(text, this.app.model);
      if (!this.chat.conversation.temporary) this.app.store.write(this.draftKey, null);
    }
    this.takeDraft();
  }

  /** The draft waits meanwhile. @param {import("../models/conversation.js").Entry} entry */
  beginEditing(entry) {
    if (!this.box) return;
    this.edited = entry;
    this.target("editing").hidden = false;
    this.box.value = entry.text;
    this.changed();
    this.box.focus();
    this.box.setSelectionRange(entry.text.length, entry.text.length);
  }

  endEditing() {
    this.edited = undefined;
    this.target("editing").hidden = true;
  }

  leaveEditing() {
    this.endEditing();
    this.takeDraft();
    this.box?.focus();
  }

  /** Enter sends where there is a keyboard, unless the settings want Ctrl with it; on glass it makes a line. @param {KeyboardEvent} event */
  key(event) {
    if (event.defaultPrevented) return;
    if (event.key === "Escape" && this.edited && !event.isComposing) {
      event.preventDefault();
      this.leaveEditing();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    const isPlain = !event.ctrlKey && !event.metaKey;
    const makesLine = matchMedia("(pointer: coarse)").matches || this.app.preferences.send_key === "mod+enter";
    if (!isPlain || !makesLine) this.submit(event);
  }

  stop() {
    this.chat.stop();
    this.box?.focus();
  }

  changed() {
    if (!this.box) return;
    if (!this.edited && !this.chat.conversation.temporary) this.app.store.write(this.draftKey, this.box.value);
    this.drawState();
    this.weigh?.();
    if (!CSS.supports("field-sizing", "content")) {
      this.box.style.height = "auto";
      this.box.style.height = `${this.box.scrollHeight}px`;
    }
  }

  takeDraft() {
    if (!this.box) return;
    this.box.value = this.chat.conversation.temporary ? "" : (this.app.store.read(this.draftKey) ?? "");
    this.changed();
  }

  get draftKey() {
    return `draft:${this.chat.conversation.id ?? "new"}`;
  }

  /** One question at a time; without a connection they queue up. Not an edited one, and not where the answers before it must go along. */
  get mustWait() {
    const { busy, temporary } = this.chat.conversation;
    return busy && (this.app.socket.state === "open" || this.edited !== undefined || temporary);
  }

  /** A refused message that is shown nowhere: its words are where they can be sent again. @param {import("../models/outbox.js").Parcel} parcel */
  giveBack(parcel) {
    const key = `draft:${parcel.conversation_id ?? "new"}`;
    const draft = this.app.store.read(key);
    this.app.store.write(key, draft ? `${draft}\n\n${parcel.text}` : parcel.text);
    if (key === this.draftKey && !this.edited) this.takeDraft();
  }

  drawState() {
    const { running } = this.chat.conversation;
    const canStop = running !== undefined && this.app.socket.state === "open";
    if (this.stopButton) this.stopButton.hidden = !canStop;
    if (!this.sendButton || !this.box) return;
    this.sendButton.hidden = canStop;
    // On its way and not yet accepted: there is nothing to stop.
    this.sendButton.disabled = this.mustWait || this.box.value.trim() === "";
  }

  drawEstimate() {
    if (!this.estimateLine || !this.box) return;
    const history = this.chat.conversation.entries.reduce((sum, entry) => sum + entry.text.length, 0);
    const model = this.app.models.find((one) => one.name === this.app.model);
    this.estimateLine.textContent = this.box.value.trim() ? estimate(this.box.value, history, model) : "";
  }
}
