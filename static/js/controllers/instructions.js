import { api } from "../lib/api.js";
import { dialog, make } from "../lib/dialog.js";
import { words } from "../lib/words.js";

const LONGEST = 8000; // characters, as chat/protocol.py bounds it

/**
 * What the shown conversation's model is told before everything else. A conversation that has not begun takes
 * it along with its first question.
 * @param {import("./page_controller.js").App} app
 */
export function openInstructions(app) {
  const { conversation } = app.chat;
  const said = words.instructions;
  const element = dialog("sheet-dialog", said.title);
  const text = Object.assign(make("textarea", "input"), { value: conversation.instructions, rows: 8, maxLength: LONGEST, id: "instructions-text" });
  text.placeholder = said.placeholder;
  const label = Object.assign(make("label", "", said.label), { htmlFor: text.id });
  const status = make("p", "quiet");
  status.role = "status";
  const keep = Object.assign(make("button", "button primary", said.keep), { type: "submit" });
  const close = Object.assign(make("button", "button", words.close), { type: "button" });
  close.addEventListener("click", () => element.close());
  const form = make("form", "form", make("div", "field", label, text), status, make("div", "form-actions", keep, close));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wish = text.value.trim();
    try {
      if (conversation.id) await api(`/api/conversations/${conversation.id}`, { method: "PATCH", body: { instructions: wish } });
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : words.failed;
      return;
    }
    conversation.instructions = wish;
    app.chat.emit("instructed");
    app.page.emit("announce", wish ? said.kept : said.none);
    element.close();
  });
  element.append(make("h2", "", said.title), form);
  element.showModal();
  text.focus();
}
