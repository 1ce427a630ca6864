import { dialog, make } from "../lib/dialog.js";
import { words } from "../lib/words.js";
import { hits, ranked } from "../models/palette.js";
import { builtIn } from "./palette_sources.js";

/** @typedef {import("../models/palette.js").Group} Group */
/** @typedef {import("../models/palette.js").Hit} Hit */

/** @type {Palette | null} */
let open = null;

/**
 * What it is about, where that is not everything; `foot` stands under the list, `keys` were pressed while it was on
 * its way.
 * @typedef {{label?: string, placeholder?: string, sources?: import("../models/palette.js").Source[], foot?: HTMLElement, keys?: string[]}} Wish
 */

/** Open it; pressed again, it closes. @param {import("./page_controller.js").App} app @param {Wish} [wish] */
export function openPalette(app, wish = {}) {
  if (open) return open.close();
  const palette = (open = new Palette(app, wish));
  for (const key of wish.keys ?? []) palette.type(key);
}

/** A combobox over a listbox: the focus stays in the field, the chosen option is told by `aria-activedescendant`. */
class Palette {
  /** @param {import("./page_controller.js").App} app @param {Wish} wish */
  constructor(app, { label = words.palette.label, placeholder = words.palette.placeholder, sources, foot }) {
    this.sources = sources ?? [...builtIn(app), ...app.palette.all];
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    /** @type {Map<string, Hit>} */
    this.shown = new Map();
    /** @type {HTMLElement | null} */
    this.chosen = null;
    this.query = "";
    /** @type {string | undefined} */
    this.pointer = undefined;
    this.asked = new AbortController();
    this.field = make("input", "palette-field");
    Object.assign(this.field, { type: "text", role: "combobox", ariaLabel: label, ariaExpanded: "true", ariaAutoComplete: "list" });
    Object.assign(this.field, { placeholder, autocomplete: "off", spellcheck: false, maxLength: 200 });
    this.field.setAttribute("aria-controls", "palette-list");
    this.list = make("div", "palette-list");
    Object.assign(this.list, { id: "palette-list", role: "listbox", ariaLabel: words.palette.results });
    this.status = make("p", "palette-status");
    this.status.role = "status";
    this.element = dialog("palette", label, () => this.closed());
    this.element.append(this.field, this.list, this.status, ...(foot ? [foot] : []));
    this.field.addEventListener("input", () => this.ask());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("click", (event) => this.take(optionAt(event)));
    this.list.addEventListener("pointermove", (event) => this.point(event));
    this.element.showModal();
    this.field.focus();
    this.ask();
  }

  /** A pointer that rests where the list comes up has chosen nothing: browsers tell of it all the same. @param {PointerEvent} event */
  point(event) {
    const place = `${event.screenX} ${event.screenY}`;
    const moved = this.pointer !== undefined && place !== this.pointer;
    this.pointer = place;
    if (!moved) return;
    this.isChosenByHand = true;
    this.choose(optionAt(event), false);
  }

  close() {
    this.element.close();
  }

  closed() {
    open = null;
    this.asked.abort();
  }

  /** Every source answers in its own time; what came for an earlier query is dropped. */
  ask() {
    this.asked.abort();
    const { signal } = (this.asked = new AbortController());
    const query = this.field.value;
    for (const source of this.sources) {
      /** @param {import("../models/palette.js").Item[]} items */
      const show = (items) => {
        if (signal.aborted) return;
        this.groups.set(source.name, { source, hits: hits(items, query, source.most) });
        this.draw(query);
      };
      const items = source.items(query, signal);
      if (Array.isArray(items)) show(items);
      else items.then(show, (error) => signal.aborted || this.failed(error));
    }
  }

  /** @param {unknown} error */
  failed(error) {
    this.status.textContent = error instanceof Error ? error.message : words.failed;
  }

  /** @param {string} query */
  draw(query) {
    const order = this.sources.flatMap((source) => this.groups.get(source.name) ?? []);
    const groups = ranked(order, query);
    // What came first is not what is best: until somebody has chosen, it is whatever stands at the top.
    if (query !== this.query) this.isChosenByHand = false;
    const before = this.isChosenByHand ? this.chosen?.id : undefined;
    this.query = query;
    this.shown.clear();
    this.list.replaceChildren(...groups.map((group) => this.group(group)));
    const count = this.shown.size;
    this.status.textContent = count > 0 ? words.palette.found(count) : words.nothingFound;
    this.status.classList.toggle("unseen", count > 0);
    this.choose((before && document.getElementById(before)) || this.options[0] || null);
    if (!this.isChosenByHand) this.list.scrollTop = 0;
  }

  /** @param {Group} group */
  group({ source, hits }) {
    const element = make("div", "palette-group");
    element.role = "group";
    element.ariaLabel = source.title;
    const heading = make("div", "palette-heading", source.title);
    heading.ariaHidden = "true";
    element.append(heading, ...hits.map((hit) => this.option(`palette-${source.name}-${hit.id}`, hit)));
    return element;
  }

  /** @param {string} id @param {Hit} hit */
  option(id, hit) {
    const option = make("div", "palette-option", make("span", "palette-title", ...marked(hit)));
    if (hit.note) option.append(make("span", "palette-note", hit.note));
    if (hit.keys) option.append(make("kbd", "", hit.keys));
    Object.assign(option, { id, role: "option", ariaSelected: "false" });
    this.shown.set(id, hit);
    return option;
  }

  /** @returns {HTMLElement[]} */
  get options() {
    return [...this.list.querySelectorAll(".palette-option")].filter((option) => option instanceof HTMLElement);
  }

  /** @param {HTMLElement | null} option @param {boolean} [reveal] */
  choose(option, reveal = true) {
    if (option === this.chosen && option?.isConnected) return;
    if (this.chosen) this.chosen.ariaSelected = "false";
    if (!option && this.options.length > 0) return; // the pointer is between two
    this.chosen = option;
    if (!option) return void this.field.removeAttribute("aria-activedescendant");
    option.ariaSelected = "true";
    this.field.setAttribute("aria-activedescendant", option.id);
    if (reveal) option.scrollIntoView({ block: "nearest" });
  }

  /** As if it had been pressed in the field. @param {string} key */
  type(key) {
    const { field } = this;
    if (key === "Backspace") field.value = [...field.value].slice(0, -1).join("");
    else if ([...key].length === 1) field.value = (field.value + key).slice(0, field.maxLength);
    else return void field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    this.ask();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 })[event.key];
    if (steps !== undefined) this.step(steps);
    else if (event.key === "Enter") this.take(this.chosen ?? null);
    else return;
    event.preventDefault();
  }

  /** One at a time it goes round; a page stops at the ends. @param {number} steps */
  step(steps) {
    const { options } = this;
    const at = this.chosen ? options.indexOf(this.chosen) : -1;
    const wanted = at + steps;
    const isRound = Math.abs(steps) === 1;
    const next = isRound ? (wanted + options.length) % options.length : Math.max(0, Math.min(options.length - 1, wanted));
    this.isChosenByHand = true;
    this.choose(options[next] ?? null);
  }

  /** Closed first, so that the focus is back where it was before the action moves it. @param {HTMLElement | null} option */
  take(option) {
    const hit = option && this.shown.get(option.id);
    if (!hit) return;
    this.close();
    hit.run();
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
function optionAt(event) {
  return event.target instanceof Element ? event.target.closest(".palette-option") : null;
}

/** The title with what matched set off. @param {Hit} hit @returns {(Node | string)[]} */
function marked({ title, marks }) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let from = 0;
  for (let index = 0; index < marks.length; ) {
    const start = marks[index] ?? 0;
    let end = start;
    while (marks[index] === end) {
      end += [...title.slice(end)][0]?.length ?? 1;
      index += 1;
    }
    parts.push(title.slice(from, start), make("mark", "", title.slice(start, end)));
    from = end;
  }
  return [...parts, title.slice(from)];
}
