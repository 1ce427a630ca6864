import { part } from "../lib/update.js";
import { words } from "../lib/words.js";
import { Latencies } from "../models/latencies.js";
import { duration } from "../models/say.js";
import { PageController } from "./page_controller.js";

const MEASURE_EVERY_MS = 5000;
// A connection that is back this soon was never worth a word.
const PATIENCE_MS = 700;
// Trouble with a provider is worth a word for so long.
const TROUBLE_MS = 120_000;
const TROUBLES = ["provider_unavailable", "overloaded", "interrupted"];

/** The connection in one glance: a dot, a number, a provider; the words change with the colour. */
export class Pill extends PageController {
  /** @override */
  connect() {
    this.words = this.target("words");
    this.provider = this.target("provider");
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {number | null} */
    this.roundTrip = null;
    /** @type {number | undefined} */
    this.troubledAt = undefined;
    this.app.socket.on("state", (state) => this.changed(state));
    this.app.socket.on("round-trip", (/** @type {number} */ ms) => {
      // A smoothed number does not flicker.
      this.roundTrip = this.roundTrip == null ? ms : this.roundTrip * 0.6 + ms * 0.4;
      this.draw();
    });
    this.latencies = new Latencies(this.app.store);
    this.chat.on("ended", (/** @type {import("../models/conversation.js").Entry} */ entry) => {
      if (!this.chat.conversation.temporary) this.latencies?.add(entry.generation);
      const failed = TROUBLES.includes(entry.generation?.error?.code ?? "");
      if (failed || entry.answer?.seams.length) this.troubledAt = performance.now();
      this.draw();
    });
    this.chat.on("shown", () => this.draw());
    setInterval(() => {
      if (document.visibilityState === "visible") this.app.socket.measure();
    }, MEASURE_EVERY_MS);
    this.changed(this.app.socket.state);
  }

  /** @param {string} state */
  changed(state) {
    if (state === "open") {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.hadConnection = true;
      this.app.socket.measure();
      this.draw();
    } else {
      this.roundTrip = null;
      // One patience for the whole outage: its tries come and go faster than that.
      this.timer ??= setTimeout(() => this.drawOutage(), PATIENCE_MS);
    }
  }

  drawOutage() {
    this.timer = undefined;
    this.draw();
  }

  draw() {
    const { state } = this.app.socket;
    const [quality, text] = this.say(state);
    this.element.dataset.quality = quality;
    if (this.words) this.words.textContent = text;
    const last = this.chat.conversation.entries.findLast((entry) => entry.generation?.provider);
    if (this.provider) {
      const { provider_title: title, provider = "", model = "" } = last?.generation ?? {};
      const short = model.split("/").pop() ?? "";
      this.provider.textContent = state === "open" ? [title || provider, short].filter(Boolean).join(" · ") : "";
    }
  }

  /** @param {string} state @returns {[string, string]} */
  say(state) {
    if (state === "refused") return ["poor", words.signedOut];
    if (!navigator.onLine) return ["poor", words.offline];
    if (state === "connecting" && this.hadConnection) return ["fair", words.reconnecting];
    if (state === "connecting" || state === "closed") return ["none", words.connecting];
    if (state === "waiting") return ["fair", words.reconnecting];
    if (this.roundTrip == null) return ["good", words.online];
    const quality = this.roundTrip < 100 ? "good" : this.roundTrip < 300 ? "fair" : "poor";
    const time = duration(Math.max(1, this.roundTrip));
    const isTroubled = this.troubledAt !== undefined && performance.now() - this.troubledAt < TROUBLE_MS;
    return isTroubled ? [quality === "good" ? "fair" : quality, `${words.degraded} · ${time}`] : [quality, time];
  }

  /** Signed out elsewhere: only a fresh page helps. Else what is behind the number. */
  async press() {
    if (this.app.socket.state === "refused") return location.reload();
    this.app.socket.nudge();
    const chunk = await part(() => import("./connection_panel.js"));
    if (chunk && this.latencies) chunk.togglePanel(this.app, this.element, this.latencies, () => this.roundTrip);
    else this.app.page.emit("toast", { text: words.notConnected });
  }
}
