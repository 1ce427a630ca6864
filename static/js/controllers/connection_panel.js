import { api } from "../lib/api.js";
import { make } from "../lib/dialog.js";
import { words } from "../lib/words.js";
import { height, median, quality } from "../models/latencies.js";
import { duration } from "../models/say.js";
import { waits } from "../models/waiting.js";
import { besides } from "./why.js";

/**
 * What is behind the pill: the round trip now, what is being waited for and why, how soon the last answers began,
 * and how the providers are doing. Live while it is open.
 *
 * @typedef {import("../models/latencies.js").Latency} Latency
 * @typedef {{provider: string, title: string, state: "up" | "partly" | "resting", first_token_ms: number | null}} ProviderHealth
 */
const REDRAW_MS = 1000;
const ASK_EVERY_MS = 10_000;
const SHOWN = 30;
const SVG = "http://www.w3.org/2000/svg";

/** @type {HTMLElement | null} */
let open = null;
// A press on the pill closes the panel before the pill hears of it: it must not open it again.
let isClosing = false;

/**
 * @param {import("./page_controller.js").App} app @param {HTMLElement} source
 * @param {import("../models/latencies.js").Latencies} latencies @param {() => number | null} roundTrip
 */
export function togglePanel(app, source, latencies, roundTrip) {
  if (open) return open.hidePopover();
  if (isClosing) return void (isClosing = false);
  const panel = (open = make("div", "panel connection"));
  panel.popover = "auto";
  panel.role = "dialog";
  panel.ariaLabel = words.connection.title;
  panel.tabIndex = -1;
  const facts = make("dl");
  const waiting = make("ul", "waits");
  const history = make("section");
  const providers = make("section");
  panel.append(
    make("h2", "", words.connection.title), facts, make("h3", "", words.connection.waits), waiting, history, providers,
  );
  document.body.append(panel);

  const draw = () => {
    drawFacts(facts, app, roundTrip());
    const running = app.chat.conversation.entries.findLast((entry) => entry.waitsFor || entry.generation?.state === "running");
    const { state, nextTry } = app.socket;
    const lines = waits({
      online: navigator.onLine, state, nextTryMs: nextTry === null ? null : nextTry - app.socket.now(),
      unsent: app.chat.outbox.parcels.length, running,
    });
    put(waiting, lines.map((line) => make("li", "", line)));
  };
  const drawHistory = () => history.replaceChildren(...historyOf(latencies.all.slice(-SHOWN)));
  const ask = async () => {
    const answer = await api("/api/providers").catch(() => null);
    providers.replaceChildren(make("h3", "", words.connection.providers), providersOf(answer?.providers ?? null));
    besides(panel, source);
  };
  draw();
  drawHistory();
  providers.replaceChildren(make("h3", "", words.connection.providers), skeleton());
  void ask();
  const timers = [setInterval(draw, REDRAW_MS), setInterval(() => void ask(), ASK_EVERY_MS)];
  const unlisten = [
    app.chat.on("answer", draw), app.chat.on("entries", draw), app.chat.on("ended", () => (draw(), drawHistory())),
    app.socket.on("state", draw), app.socket.on("round-trip", draw),
  ];
  const pressed = () => void (isClosing = true);
  source.addEventListener("pointerdown", pressed);
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    timers.forEach(clearInterval);
    unlisten.forEach((end) => end());
    const hadFocus = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    if (hadFocus) source.focus();
    source.setAttribute("aria-expanded", "false");
    source.removeEventListener("pointerdown", pressed);
    open = null;
  });
  panel.showPopover();
  besides(panel, source);
  source.setAttribute("aria-expanded", "true");
  panel.focus();
}

/** @param {HTMLElement} list @param {import("./page_controller.js").App} app @param {number | null} roundTrip */
function drawFacts(list, app, roundTrip) {
  const said = words.connection;
  const speaker = app.chat.conversation.entries.findLast((entry) => (entry.answer?.generation ?? entry.generation)?.provider);
  const last = speaker?.answer?.generation ?? speaker?.generation;
  /** @type {[string, string][]} */
  const rows = [
    [said.now, app.socket.state === "open" && roundTrip !== null ? duration(Math.max(1, roundTrip)) : said.unknown],
    [said.lastAnswer, last ? `${last.model?.split("/").pop()} · ${last.provider_title ?? last.provider}` : said.unknown],
  ];
  put(list, rows.map(([term, value]) => make("div", "", make("dt", "", term), make("dd", "", value))));
}

/** Only what has changed: a screen reader, and a selection, stay where they are. @param {HTMLElement} parent @param {HTMLElement[]} children */
function put(parent, children) {
  const text = children.map((child) => child.textContent).join("\n");
  if (parent.dataset.drawn === text) return;
  parent.dataset.drawn = text;
  parent.replaceChildren(...children);
}

/** @param {Latency[]} latencies @returns {HTMLElement[]} */
function historyOf(latencies) {
  const said = words.connection;
  const heading = make("h3", "", said.history);
  if (latencies.length === 0) return [heading, make("p", "quiet", said.noHistory)];
  const figure = make("figure", "latencies", make("figcaption", "quiet", said.chart(latencies.length, duration(median(latencies)))));
  figure.prepend(chart(latencies));
  const rows = latencies.toReversed().map((one) =>
    make(
      "tr", "",
      make("td", "", new Date(one.at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" })),
      make("td", "", one.cached ? `${one.model} · ${said.cached}` : one.model),
      make("td", "number", duration(one.ms)),
    ),
  );
  const table = tableOf([said.when, said.model, said.first], rows);
  return [heading, figure, make("details", "", make("summary", "", said.asTable), make("div", "table-scroll", table))];
}

/** A bar an answer, the newest last; drawn for the eye, told by the caption and the table. @param {Latency[]} latencies */
function chart(latencies) {
  const [width, tall, step] = [300, 64, 300 / SHOWN];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${tall}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [index, one] of latencies.entries()) {
    const bar = document.createElementNS(SVG, "rect");
    const size = height(one.ms) * tall;
    for (const [name, value] of Object.entries({ x: index * step + 1, y: tall - size, width: step - 2, height: size, rx: 2 })) {
      bar.setAttribute(name, value.toFixed(1));
    }
    bar.setAttribute("class", one.cached ? "cached" : quality(one.ms));
    svg.append(bar);
  }
  return svg;
}

/** @param {ProviderHealth[] | null} found */
function providersOf(found) {
  const said = words.connection;
  if (!found) return make("p", "quiet", said.noProviders);
  const rows = found.map(({ title, state, first_token_ms: ms }) => {
    const dot = make("span", "dot");
    dot.dataset.state = state;
    return make(
      "tr", "",
      make("td", "", title),
      make("td", "", make("span", "health", dot, said.states[state])),
      make("td", "number", ms === null ? said.unknown : duration(ms)),
    );
  });
  return make("div", "table-scroll", tableOf([said.provider, said.state, said.recently], rows));
}

/** @param {string[]} headings @param {HTMLElement[]} rows */
function tableOf(headings, rows) {
  const cells = headings.map((text, index) => {
    const cell = make("th", index === headings.length - 1 ? "number" : "", text);
    cell.scope = "col";
    return cell;
  });
  return make("table", "table", make("thead", "", make("tr", "", ...cells)), make("tbody", "", ...rows));
}

function skeleton() {
  return make("div", "skeleton", make("span", "skeleton-line wide"), make("span", "skeleton-line short"));
}
