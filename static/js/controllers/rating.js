import { api } from "../lib/api.js";
import { words } from "../lib/words.js";
import { besides } from "./why.js";

/**
 * A thumb was pressed: up, down, or the pressed one again, which takes it back. Down asks what was wrong; nobody has to say.
 * @param {import("./page_controller.js").App} app @param {import("../models/conversation.js").Entry} entry
 * @param {HTMLElement} node the button @param {() => void} redraw
 */
export async function rate(app, entry, node, redraw) {
  const { generation } = entry;
  if (!generation) return;
  const pressed = node.dataset.up === "true";
  const before = generation.thumb ?? null;
  const up = before === pressed ? null : pressed;
  const place = node.closest(".message");
  const show = (/** @type {boolean | null} */ thumb) => {
    generation.thumb = thumb;
    redraw();
    // Drawn anew: whoever pressed it stays on it.
    const fresh = /** @type {HTMLElement | null} */ (place?.querySelector(`[data-up="${pressed}"]`));
    fresh?.focus({ preventScroll: true });
    return fresh;
  };
  const fresh = show(up);
  try {
    await tell(generation.id, { up });
  } catch (error) {
    show(before);
    app.page.emit("toast", { text: error instanceof Error ? error.message : words.notConnected });
    return;
  }
  app.page.emit("announce", up === null ? words.rating.back : words.rating.thanks);
  if (up === false && fresh) askWhy(app, generation.id, fresh);
}

/** @param {string} id @param {object} body */
function tell(id, body) {
  return api(`/api/feedback/answers/${id}`, { method: "POST", body });
}

/** @param {import("./page_controller.js").App} app @param {string} id @param {HTMLElement} source */
function askWhy(app, id, source) {
  document.getElementById("rating")?.remove();
  const panel = document.createElement("form");
  panel.id = "rating";
  panel.className = "panel rating";
  panel.popover = "auto";
  panel.setAttribute("role", "dialog");
  panel.ariaLabel = words.rating.why;
  const legend = document.createElement("legend");
  legend.textContent = words.rating.why;
  const reasons = document.createElement("fieldset");
  reasons.append(legend);
  for (const [value, title] of Object.entries(words.rating.reasons)) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "reason";
    radio.value = value;
    label.append(radio, title);
    reasons.append(label);
  }
  const text = document.createElement("textarea");
  text.name = "text";
  text.maxLength = 1000;
  text.rows = 2;
  text.ariaLabel = text.placeholder = words.rating.more;
  const send = document.createElement("button");
  send.className = "button primary";
  send.textContent = words.send;
  panel.append(reasons, text, send);
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = new FormData(panel);
    tell(id, { up: false, reason: said.get("reason") ?? "", text: said.get("text") ?? "" }).then(
      () => {
        panel.hidePopover();
        app.page.emit("toast", { text: words.rating.thanks });
      },
      (error) => app.page.emit("toast", { text: error.message }),
    );
  });
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") panel.remove();
  });
  document.body.append(panel);
  panel.showPopover();
  besides(panel, source);
  panel.querySelector("input")?.focus();
}
