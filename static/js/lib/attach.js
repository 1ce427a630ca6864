/**
 * The registry that ties behaviour to markup: `data-controller="theme"` gets an instance of the class
 * registered as "theme"; `data-action="click:toggle"` on it or inside it calls that method of whichever
 * controller has it (`click:drawer.open` where several do); and `data-target="list"` inside it is found with
 * `this.target("list")`.
 */

/** @typedef {new (element: HTMLElement, app: any) => Controller} ControllerClass */

/** What every controller is: an element, its named parts, and the methods its markup calls. */
export class Controller {
  /** @param {HTMLElement} element @param {any} [app] what the page's controllers share */
  constructor(element, app) {
    this.element = element;
    this.app = app;
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
 * @param {any} [app]
 */
export function attach(controllers, app) {
  const fresh = [];
  for (const element of document.querySelectorAll("[data-controller]")) {
    if (!(element instanceof HTMLElement)) continue;
    const instances = attached.get(element) ?? new Map();
    attached.set(element, instances);
    for (const name of (element.dataset.controller ?? "").split(" ")) {
      const controller = controllers[name];
      if (!controller || instances.has(name)) continue;
      const instance = new controller(element, app);
      instances.set(name, instance);
      listen(element, name, instance);
      fresh.push(instance);
    }
  }
  for (const instance of fresh) instance.connect();
}

/**
 * One listener for each kind of event on the controller's element: markup added later needs no wiring.
 * @param {HTMLElement} element @param {string} name @param {Controller} instance
 */
function listen(element, name, instance) {
  for (const kind of ["click", "input", "submit", "keydown", "change", "focusout", "toggle"]) {
    element.addEventListener(
      kind,
      (event) => {
        let node = event.target instanceof Element ? event.target.closest("[data-action]") : null;
        while (node instanceof HTMLElement && element.contains(node)) {
          for (const action of (node.dataset.action ?? "").split(" ")) {
            const [on, path = ""] = action.split(":");
            const [method = "", owner = name] = path.split(".").reverse();
            const handler = /** @type {any} */ (instance)[method];
            if (on === kind && owner === name && typeof handler === "function") {
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
