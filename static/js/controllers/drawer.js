import { PageController } from "./page_controller.js";

const NARROW = "(max-width: 760px)";

/** On a narrow window the list of conversations is a drawer: opened by the menu button, closed by Esc, a choice or a tap beside it. */
export class Drawer extends PageController {
  /** @override */
  connect() {
    this.app.page.on("opened", () => this.close());
    this.app.page.on("find", () => {
      if (matchMedia(NARROW).matches) this.open();
      /** @type {HTMLElement | null} */ (this.target("drawer").querySelector("input[type=search]"))?.focus();
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen && !event.defaultPrevented) {
        event.preventDefault();
        this.close();
      }
    });
    matchMedia(NARROW).addEventListener("change", () => this.close());
  }

  get isOpen() {
    return this.element.hasAttribute("data-drawer");
  }

  open() {
    this.element.setAttribute("data-drawer", "");
    this.target("main").inert = true;
    this.target("menu-button").setAttribute("aria-expanded", "true");
    /** @type {HTMLElement | null} */ (this.target("drawer").querySelector("a, button"))?.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.element.removeAttribute("data-drawer");
    this.target("main").inert = false;
    this.target("menu-button").setAttribute("aria-expanded", "false");
    this.target("menu-button").focus();
  }
}
