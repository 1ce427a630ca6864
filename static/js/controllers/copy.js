import { Controller } from "../lib/attach.js";

/** A text beside a button that copies it: `data-target="text"`, and a button whose `data-done` says so. */
export class Copy extends Controller {
  /** @param {Event} _event @param {HTMLElement} button */
  async copy(_event, button) {
    const text = this.target("text");
    try {
      await navigator.clipboard.writeText(text.textContent ?? "");
      button.textContent = button.dataset.done ?? "";
    } catch {
      // No permission, or plain http: the text is selected, so that the keyboard copies it.
      getSelection()?.selectAllChildren(text);
    }
  }
}
