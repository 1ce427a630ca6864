import { api } from "../lib/api.js";
import { make } from "../lib/dialog.js";
import { words } from "../lib/words.js";
import { openPalette } from "./palette.js";
import { modelItem, prompts } from "./palette_sources.js";

/** @typedef {import("./page_controller.js").App} App */

/**
 * The models, with price, speed and state as they are now; under them what `auto` goes by.
 * @param {App} app @param {{label?: string, take?: (name: string) => void, keys?: string[]}} [wish] without `take`: for the questions to come
 */
export function openModels(app, wish) {
  /** @param {string} name */
  const choose = (name) => {
    app.page.emit("model", name);
    app.page.emit("compose", ""); // on to writing
  };
  const take = wish?.take ?? choose;
  const auto = { id: "auto", title: words.auto, note: words.palette.autoNote, run: () => take("auto") };
  /** @type {Promise<import("../lib/protocol.js").Model[]> | undefined} */
  let asked;
  const source = {
    name: "models",
    title: words.palette.models,
    most: 100,
    items: async () => {
      asked ??= api("/api/models").then(
        ({ models }) => models,
        () => app.models, // offline: as they were when the page was loaded
      );
      const models = await asked;
      return [auto, ...models.filter((model) => model.configured).map((model) => ({ ...modelItem(model), run: () => take(model.name) }))];
    },
  };
  openPalette(app, { label: wish?.label ?? words.models.label, placeholder: words.models.placeholder, sources: [source], foot: slider(app), keys: wish?.keys });
}

/** @param {App} app @param {{keys?: string[]}} [wish] */
export function openPrompts(app, wish) {
  const kept = prompts(app);
  openPalette(app, { label: words.prompts.label, placeholder: words.prompts.placeholder, sources: [kept, literally(app, kept)], keys: wish?.keys });
}

/**
 * What begins with a stroke can still be written. Offered after the prompts, so that one of those is chosen first.
 * @param {App} app @param {import("../models/palette.js").Source} after @returns {import("../models/palette.js").Source}
 */
function literally({ page }, after) {
  return {
    name: "literally",
    title: words.prompts.otherwise,
    items: async (query, signal) => {
      await after.items(query, signal);
      return [
        { id: "write", title: words.prompts.write(`/${query}`), found: true, run: () => page.emit("compose", `/${query}`) },
        { id: "manage", title: words.prompts.manage, found: true, run: () => location.assign("/settings/prompts/") },
      ];
    },
  };
}

/** @param {App} app */
function slider(app) {
  const range = Object.assign(make("input"), { type: "range", min: "0", max: "1", step: "0.05", value: String(app.chat.preference), id: "palette-slider" });
  const label = Object.assign(make("label", "", words.models.slider), { htmlFor: range.id });
  const ends = [words.models.cheaper, words.models.better].map((text) => Object.assign(make("span", "", text), { ariaHidden: "true" }));
  range.addEventListener("change", async () => {
    const preference = Number(range.value);
    app.chat.preference = app.preferences.preference = preference;
    await api("/api/preferences", { method: "PATCH", body: { preference } }).catch(() => app.page.emit("toast", { text: words.notConnected }));
  });
  return make("div", "palette-foot", label, make("div", "slider", ends[0] ?? "", range, ends[1] ?? ""));
}
