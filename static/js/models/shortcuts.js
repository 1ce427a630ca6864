import { isSafeInFields, written } from "./combos.js";

/**
 * What the page can be told to do. `keys` are the ones it comes with: the last is shown, because the ones
 * before may belong to the browser (Ctrl-N). `fixed` belongs to an element that reads its own keys; it is in
 * the table so that help tells all of them.
 *
 * @typedef {object} Action
 * @property {string} name
 * @property {string} title
 * @property {"chat" | "answer" | "list" | "page"} group
 * @property {string[]} [keys]
 * @property {boolean} [fixed]
 * @property {boolean} [inFields] also while something is being written
 * @property {(event: KeyboardEvent) => boolean} [when] only then do its keys mean it
 * @property {() => boolean} [offered] is there anything to do it to? Else no list offers it
 * @property {() => boolean | void} [run] false: it was not for us, the browser may have the keys
 */

/** Which keys mean which action: the table's own, or what this user has chosen instead. */
export class Shortcuts {
  /** @param {import("../lib/store.js").Store} store @param {boolean} isMac @param {Action[]} [actions] */
  constructor(store, isMac, actions = []) {
    this.actions = actions;
    this.store = store;
    this.isMac = isMac;
    this.load();
  }

  /** @param {Action[]} actions */
  know(actions) {
    this.actions = actions;
    this.load();
  }

  /** Read again what is kept: another tab may have written. */
  load() {
    const kept = this.store.read("keys");
    /** @type {Record<string, string[]>} */
    this.chosen = {};
    if (!kept || typeof kept !== "object") return;
    for (const { name, fixed } of this.actions) {
      const keys = kept[name];
      if (!fixed && Array.isArray(keys) && keys.every((key) => typeof key === "string")) this.chosen[name] = keys;
    }
  }

  /** @param {Action} action @returns {string[]} */
  keysOf(action) {
    return this.chosen?.[action.name] ?? action.keys ?? [];
  }

  /** @param {KeyboardEvent} event @param {boolean} isInField */
  meant(event, isInField) {
    const combo = written(event, this.isMac);
    return this.actions.find(
      (action) =>
        combo !== null &&
        action.run !== undefined &&
        this.keysOf(action).includes(combo) &&
        (!isInField || action.inFields === true) &&
        (action.when?.(event) ?? true),
    );
  }

  /**
   * @param {Action} action @param {string | null} combo null: no keys at all
   * @returns {"kept" | "writes" | Action} "writes": in a field these keys write; an action: whose keys they are
   */
  rebind(action, combo) {
    if (combo !== null) {
      if (action.inFields && !action.when && !isSafeInFields(combo)) return "writes";
      const other = this.actions.find((one) => one !== action && this.keysOf(one).includes(combo));
      if (other) return other;
    }
    this.chosen = { ...this.chosen, [action.name]: combo === null ? [] : [combo] };
    this.store.write("keys", this.chosen);
    return "kept";
  }

  get isChanged() {
    return Object.keys(this.chosen ?? {}).length > 0;
  }

  /** The table's own keys again. */
  reset() {
    this.chosen = {};
    this.store.write("keys", null);
  }
}
