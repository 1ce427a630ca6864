import { api } from "../lib/api.js";
import { words } from "../lib/words.js";
import { legible } from "../models/combos.js";
import { duration, money } from "../models/say.js";

/**
 * What the palette always has. Made anew each time it opens: the list it searches is as fresh as that.
 * @param {import("./page_controller.js").App} app
 * @returns {import("../models/palette.js").Source[]}
 */
export function builtIn(app) {
  return [conversations(app), actions(app), models(app), prompts(app), pages(app)];
}

/** A model as a line: who, how dear, how fast, and whether it is well. @param {import("../lib/protocol.js").Model} model */
export function modelItem({ name, title, provider_title: provider, price, first_token_ms: first, resting }) {
  const note = [words.palette.price(provider, money(price.input), money(price.output))];
  if (first != null) note.push(words.models.firstWord(duration(first)));
  if (resting) note.push(words.models.resting);
  return { id: name, title, note: note.join(" · "), words: name };
}

/** @param {import("./page_controller.js").App} app @returns {import("../models/palette.js").Source} */
export function prompts({ page }) {
  /** @type {Promise<{prompts: {name: string, text: string}[], built_in: {name: string, text: string}[]}> | undefined} */
  let kept;
  return {
    name: "prompts",
    title: words.prompts.title,
    items: async () => {
      kept ??= api("/api/prompts").catch(() => ({ prompts: [], built_in: [] })); // offline: the other sources still work
      const { prompts: own, built_in: builtIn } = await kept;
      return [...own, ...builtIn].map(({ name, text }, index) => ({
        id: String(index), title: name, note: text.replaceAll("\n", " ").slice(0, 120), run: () => page.emit("compose", text),
      }));
    },
  };
}

/** @typedef {import("../models/palette.js").Source} Source */
/** @typedef {import("../models/palette.js").Item} Item */
/** @typedef {import("../lib/protocol.js").ConversationLine} Line */

/** @param {import("./page_controller.js").App} app @returns {Source} */
function conversations(app) {
  /** @type {Promise<Line[]> | undefined} */
  let newest;
  /** @param {Line} line @returns {Item} */
  const item = (line) => ({ id: line.id, title: line.title, run: () => app.page.emit("open", line.id) });
  /** @param {string} query @param {AbortSignal} [signal] @returns {Promise<Line[]>} */
  const ask = (query, signal) => api(`/api/conversations${query && `?q=${encodeURIComponent(query)}`}`, { signal }).then((answer) => answer.conversations);
  return {
    name: "conversations",
    title: words.palette.conversations,
    items: async (query, signal) => {
      newest ??= ask("").catch(() => []); // offline: the other sources still work
      const known = await newest;
      if (query.trim().length < 2) return known.map(item);
      // The list knows the newest by a few letters, the server all of them by what their titles hold.
      const older = await ask(query.trim(), signal).catch((error) => {
        if (error instanceof DOMException) throw error;
        return [];
      });
      const isKnown = new Set(known.map((line) => line.id));
      return [...known, ...older.filter((line) => !isKnown.has(line.id))].map(item);
    },
  };
}

/** @param {import("./page_controller.js").App} app @returns {Source} */
function actions({ shortcuts }) {
  return {
    name: "actions",
    title: words.palette.actions,
    most: 10,
    items: () =>
      shortcuts.actions
        .filter((action) => action.run && action.name !== "palette" && (action.offered?.() ?? true))
        .map((action) => {
          const combo = shortcuts.keysOf(action).at(-1);
          return {
            id: action.name,
            title: action.title,
            keys: combo && legible(combo, shortcuts.isMac).join(" "),
            run: () => void action.run?.(),
          };
        }),
  };
}

/** @param {import("./page_controller.js").App} app @returns {Source} */
function models({ models, page, model }) {
  const auto = { id: "auto", title: words.palette.use(words.auto), note: words.palette.autoNote, run: () => page.emit("model", "auto") };
  return {
    name: "models",
    title: words.palette.models,
    most: 5,
    items: () => [
      auto,
      ...models
        .filter((one) => one.configured && one.name !== model)
        .map((one) => ({
          ...modelItem(one),
          title: words.palette.use(one.title),
          run: () => page.emit("model", one.name),
        })),
    ],
  };
}

/** @param {import("./page_controller.js").App} app @returns {Source} */
function pages({ user }) {
  const paths = user.guest
    ? { settings: "/settings/", prompts: "/settings/prompts/", usage: "/usage/", plans: "/upgrade/", logIn: "/accounts/login/", signUp: "/accounts/signup/" }
    : { settings: "/settings/", prompts: "/settings/prompts/", usage: "/usage/", plans: "/upgrade/", email: "/accounts/email/", password: "/accounts/password/change/", second: "/accounts/2fa/", logOut: "/accounts/logout/" };
  return {
    name: "pages",
    title: words.palette.pages,
    items: () =>
      Object.entries(paths).map(([name, path]) => ({
        id: path,
        title: words.pages[/** @type {keyof typeof words.pages} */ (name)],
        run: () => location.assign(path),
      })),
  };
}
