/**
 * The registry that ties behaviour to markup: `data-controller="theme"` gets an instance of the class
 * registered as "theme"; `data-action="click:toggle"` on it or inside it calls that method; and
 * `data-target="list"` inside it is found with `this.target("list")`. One page, one call of `attach`.
 */

/** @typedef {new (element: HTMLElement) => Controller} ControllerClass */

/** What every controller is: an element, its named parts, and the methods its markup calls. */
export class Controller {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /** Called once, when the element and every other controller of the page exist. */
  connect() {}

  /** The one part called `name`; its absence is a mistake in the markup. @param {string} name @returns {HTMLElement} */
  target(name) {
    const found = this.element.querySelector(`[data-target~="${name}"]`);
    if (!(found instanceof HTMLElement)) throw new Error(`no part "${name}" in ${this.element.dataset.controller}`);
    return found;
  }
}

/** @type {WeakMap<Element, Map<string, Controller>>} */
const attached = new WeakMap();

/**
 * @param {Record<string, ControllerClass>} controllers
 * @param {ParentNode} root
 */
export function attach(controllers, root = document) {
  const fresh = [];
  for (const element of root.querySelectorAll("[data-controller]")) {
    if (!(element instanceof HTMLElement)) continue;
    const instances = attached.get(element) ?? new Map();
    attached.set(element, instances);
    for (const name of (element.dataset.controller ?? "").split(" ")) {
      const controller = controllers[name];
      if (!controller || instances.has(name)) continue;
      const instance = new controller(element);
      instances.set(name, instance);
      listen(element, instance);
      fresh.push(instance);
    }
  }
  for (const instance of fresh) instance.connect();
}

/** The controller called `name` on exactly this element. @param {Element | null} element @param {string} name */
export function controllerOf(element, name) {
  return element ? attached.get(element)?.get(name) : undefined;
}

/**
 * One listener for each kind of event on the controller's element: markup added later needs no wiring.
 * @param {HTMLElement} element @param {Controller} instance
 */
function listen(element, instance) {
  for (const kind of ["click", "input", "submit", "keydown", "change", "focusout", "toggle"]) {
    element.addEventListener(
      kind,
      (event) => {
        let node = event.target instanceof Element ? event.target.closest("[data-action]") : null;
        while (node instanceof HTMLElement && element.contains(node)) {
          for (const action of (node.dataset.action ?? "").split(" ")) {
            const [on, method] = action.split(":");
            const handler = /** @type {any} */ (instance)[method ?? ""];
            if (on === kind && typeof handler === "function") {
              handler.call(instance, event, node);
              return;
            }
          }
          node = node.parentElement?.closest("[data-action]") ?? null;
        }
      },
      kind === "toggle",
    );
  }
}
