import "./lib/attach.js";
