import { Emitter } from "../../static/js/lib/emitter.js";

/** A ChatSocket without a network: what was sent is in `sent`; `say` is the server speaking. */
export class FakeSocket extends Emitter {
  state = "open";
  sent = [];

  send(frame) {
    if (this.state !== "open") return false;
    this.sent.push(frame);
    return true;
  }

  say(...frames) {
    for (const frame of frames) this.emit("frame", frame);
  }

  become(state) {
    this.state = state;
    this.emit("state", state);
  }

  sentOf(type) {
    return this.sent.filter((frame) => frame.type === type);
  }
}

/** The storage of one browser, as `localStorage` and `sessionStorage` offer it. */
export class FakeStorage {
  items = new Map();

  getItem(key) {
    return this.items.get(key) ?? null;
  }

  setItem(key, value) {
    this.items.set(key, value);
  }

  removeItem(key) {
    this.items.delete(key);
  }
}
