import { Controller } from "../lib/attach.js";
import { LOG_OUT, partLater, wipe } from "../lib/parting.js";

/** Logging out while the server cannot be reached: in place of its own page, on the one that the device keeps. */
export class Parting extends Controller {
  /** @override */
  connect() {
    this.element.hidden = location.pathname !== LOG_OUT;
  }

  part() {
    partLater();
    wipe();
    for (const part of ["before", "button"]) this.target(part).hidden = true;
    this.target("after").hidden = false;
  }
}
