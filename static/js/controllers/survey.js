import { api } from "../lib/api.js";
import { words } from "../lib/words.js";

const QUIET_MS = 8_000;
const NEVER = "survey:never";

/**
 * "How satisfied are you?", asked of whoever has had an answer and then neither writes nor waits. Whether it is time is
 * the server's to say, once in many days; here is decided when it would be no bother.
 * @param {import("./page_controller.js").App} app
 */
export function watch(app) {
  const { chat, store } = app;
  if (store.read(NEVER)) return;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = false;
  let answered = false;
  const wait = () => {
    clearTimeout(timer);
    if (answered && !asked) timer = setTimeout(consider, QUIET_MS);
  };
  const consider = async () => {
    if (!isQuiet(app)) return wait();
    asked = true;
    const { ask } = await api("/api/feedback/satisfaction", { method: "POST", body: { ask: true } }).catch(() => ({ ask: false }));
    // They may have begun to write while the server was asked: then the question is lost, not they.
    if (ask && isQuiet(app)) show(app);
  };
  chat.on("ended", (entry) => {
    answered ||= entry.generation?.state === "complete";
    wait();
  });
  for (const kind of ["input", "keydown", "pointerdown"]) addEventListener(kind, wait, { passive: true });
}

/** @param {import("./page_controller.js").App} app */
function isQuiet({ chat, socket }) {
  const box = document.querySelector("#text");
  return (
    !document.hidden && socket.state === "open" && !chat.conversation.busy && !(box instanceof HTMLTextAreaElement && box.value) &&
    !document.querySelector("dialog[open], :popover-open, .editing:not([hidden])") && !getSelection()?.toString()
  );
}

/** It takes no focus, covers nothing, and goes when it is not answered. @param {import("./page_controller.js").App} app */
function show(app) {
  const said = words.survey;
  const form = document.createElement("form");
  form.className = "notice survey";
  form.ariaLabel = said.question;
  const scores = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = said.question;
  scores.append(legend, note(said.least));
  for (let score = 1; score <= 5; score++) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "score";
    radio.value = String(score);
    radio.required = true;
    label.append(radio, String(score));
    scores.append(label);
  }
  scores.append(note(said.most));
  const line = document.createElement("input");
  line.name = "text";
  line.maxLength = 300;
  line.autocomplete = "off";
  line.ariaLabel = line.placeholder = said.line;
  const row = document.createElement("div");
  row.append(press(words.send, "submit", "button primary"), press(said.later, "button"), press(said.never, "button"));
  form.append(scores, line, row);
  const post = (/** @type {object} */ body) => api("/api/feedback/satisfaction", { method: "POST", body });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { score, text } = Object.fromEntries(new FormData(form));
    form.remove();
    post({ score: Number(score), text }).then(
      () => app.page.emit("toast", { text: said.thanks }),
      (error) => app.page.emit("toast", { text: error.message }),
    );
  });
  const [, later, never] = row.children;
  later?.addEventListener("click", () => form.remove());
  never?.addEventListener("click", () => {
    form.remove();
    app.store.write(NEVER, true);
    post({ never_again: true }).catch(() => {});
  });
  const end = app.chat.on("entries", (/** @type {{sent?: boolean} | undefined} */ how) => {
    if (!how?.sent) return;
    form.remove();
    end();
  });
  document.querySelector(".composer")?.before(form);
  app.page.emit("announce", said.question);
}

/** @param {string} text */
function note(text) {
  const element = document.createElement("span");
  element.className = "quiet";
  element.textContent = text;
  return element;
}

/** @param {string} text @param {"submit" | "button"} type @param {string} [className] */
function press(text, type, className = "link-button") {
  const element = document.createElement("button");
  element.type = type;
  element.className = className;
  element.textContent = text;
  return element;
}
