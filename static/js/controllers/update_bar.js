import { isNewVersionReady, look, takeNewVersion, versions } from "../lib/update.js";
import { PageController } from "./page_controller.js";

/** One line that offers the new version; it can wait. */
export class UpdateBar extends PageController {
  /** @override */
  connect() {
    versions.on("ready", () => this.show());
    if (isNewVersionReady()) this.show();
    // A server that was away may be another one now.
    let wasOpen = false;
    this.app.socket.on("state", (state) => {
      if (state === "open" && wasOpen) look();
      wasOpen ||= state === "open";
    });
  }

  show() {
    this.element.hidden = false;
  }

  reload() {
    takeNewVersion();
  }

  later() {
    this.element.hidden = true;
  }
}
