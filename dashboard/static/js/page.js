// Every page but the wall and a device: moving times, the keyboard, the appearance.

import { startKeys } from "./keys.js";
import { startTheme } from "./theme.js";
import { startTicking } from "./times.js";

startTicking();
startTheme();
startKeys({
  "/": () => document.querySelector("[data-search]")?.focus() ?? location.assign("/devices"),
});
