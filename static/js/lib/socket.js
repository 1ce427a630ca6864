import { Emitter } from "./emitter.js";
import { parseFrame } from "./protocol.js";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 20_000;
// The server process ends and another one is there: no reason to wait, but for everybody else who moves too.
const RESTART = new Set([4503, 1012]);
const MOVE_WITHIN_MS = 500;
const PONG_WITHIN_MS = 8_000;
// The server says so: there is no session any more, or its rights have ended. Only a new page helps.
const CLOSED_FOR_GOOD = new Set([4401, 4403]);

/**
 * One socket that comes back by itself: at once when asked (`nudge`), else after a wait that grows and is
 * jittered, so that a server that restarts is not met by everybody in the same second.
 *
 * Events: `frame` (a parsed frame), `state` ("connecting" | "open" | "waiting" | "closed" | "refused").
 */
export class ChatSocket extends Emitter {
  /**
   * @param {string} url
   * @param {{WebSocket?: typeof WebSocket, random?: () => number, setTimeout?: (run: () => void, ms: number) => any,
   *   clearTimeout?: (timer: any) => void, now?: () => number}} [world] replaced in tests
   */
  constructor(url, world = {}) {
    super();
    this.url = url;
    this.WebSocket = world.WebSocket ?? globalThis.WebSocket;
    this.random = world.random ?? Math.random;
    this.setTimeout = world.setTimeout ?? ((run, ms) => globalThis.setTimeout(run, ms));
    this.clearTimeout = world.clearTimeout ?? ((timer) => globalThis.clearTimeout(timer));
    this.now = world.now ?? (() => performance.now());
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {"closed" | "connecting" | "open" | "waiting" | "refused"} */
    this.state = "closed";
    this.tries = 0;
    /** When it tries again by itself, by `now`; null while it does not wait. @type {number | null} */
    this.nextTry = null;
    /** @type {any} */
    this.timer = null;
    /** @type {{id: string, at: number, timer: any} | null} */
    this.ping = null;
  }

  open() {
    if (this.state === "connecting" || this.state === "open" || this.state === "refused") return;
    this.clearTimeout(this.timer);
    this.become("connecting");
    const socket = (this.socket = new this.WebSocket(this.url));
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code);
    };
  }

  /** Try now what would be tried later. */
  nudge() {
    if (this.state === "waiting") this.open();
  }

  /** The network has gone: an open socket would notice only after minutes. */
  interrupt() {
    if (this.state !== "open" && this.state !== "connecting") return;
    this.drop();
    this.lost(1006);
  }

  /** Close until `open` is called: an open socket keeps a page out of the back/forward cache. */
  close() {
    this.clearTimeout(this.timer);
    this.drop();
    if (this.state !== "refused") this.become("closed");
  }

  /** False if it could not be sent. @param {import("./protocol.js").Frame} frame */
  send(frame) {
    if (this.state !== "open" || this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ask for a pong; `round-trip` says how many milliseconds it took. Silence ends the socket: it is dead and does not know. */
  measure() {
    if (this.ping || this.state !== "open") return;
    const id = `p${Math.round(this.now())}`;
    this.ping = {
      id,
      at: this.now(),
      timer: this.setTimeout(() => this.interrupt(), PONG_WITHIN_MS),
    };
    this.send({ type: "ping", id });
  }

  /** @param {unknown} raw */
  receive(raw) {
    const frame = parseFrame(raw);
    if (!frame) return;
    if (frame.type === "ready") {
      this.tries = 0;
      this.become("open");
    }
    if (frame.type === "pong" && this.ping && frame.id === this.ping.id) {
      this.clearTimeout(this.ping.timer);
      this.emit("round-trip", this.now() - this.ping.at);
      this.ping = null;
    }
    this.emit("frame", frame);
  }

  /** @param {number} code */
  lost(code) {
    this.forgetPing();
    this.socket = null;
    if (CLOSED_FOR_GOOD.has(code)) {
      this.become("refused");
      return;
    }
    const moves = RESTART.has(code) && this.tries === 0;
    const growing = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries) * (0.5 + this.random() / 2);
    const wait = moves ? MOVE_WITHIN_MS * this.random() : growing;
    this.tries += 1;
    this.nextTry = this.now() + wait;
    this.become("waiting");
    this.timer = this.setTimeout(() => this.open(), wait);
  }

  drop() {
    this.forgetPing();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  forgetPing() {
    if (this.ping) this.clearTimeout(this.ping.timer);
    this.ping = null;
  }

  /** @param {ChatSocket["state"]} state */
  become(state) {
    if (state === this.state) return;
    if (state !== "waiting") this.nextTry = null;
    this.state = state;
    this.emit("state", state);
  }
}

/** Ties a socket to the life of the page. @param {ChatSocket} socket */
export function followPage(socket) {
  addEventListener("offline", () => socket.interrupt());
  addEventListener("online", () => socket.nudge());
  addEventListener("pagehide", () => socket.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) socket.open();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") socket.nudge();
  });
}
