// The live stream of this screen. A heartbeat comes every 5 s; silence for 12 s is stale, for 20 s it sounds.

import { store } from "./store.js";

const STALE = 12000;
const SOUNDS = 20000;

class Link extends EventTarget {
  #source = null;
  #heard = performance.now();
  #wanted = true;
  #waiting = null;
  #device = "";
  signedOut = false;
  state = "connecting"; // live, stale (says so), dead (says so and sounds)

  /** Follow the stream; `device`: also the points of this one. */
  start(device = "") {
    this.#device = device;
    this.#open();
    setInterval(() => this.#look(), 500);
    addEventListener("online", () => this.#reopen(0));
  }

  /** A screen nobody looks at, with its sound off, needs no stream (browsers allow six to a server). */
  pause(paused) {
    if (paused === !this.#wanted) return;
    this.#wanted = !paused;
    this.#heard = performance.now();
    if (paused) this.#close();
    else this.#open();
  }

  /** ms since anything was heard of the server. */
  get age() {
    return performance.now() - this.#heard;
  }

  #open() {
    this.#close();
    const query = this.#device ? `?device=${encodeURIComponent(this.#device)}` : "";
    const source = new EventSource(`/api/v1/events${query}`);
    this.#source = source;
    source.addEventListener("hello", (event) => this.#hello(JSON.parse(event.data)));
    source.addEventListener("frame", (event) => this.#frame(JSON.parse(event.data)));
    source.addEventListener("device", (event) => {
      this.#alive();
      this.dispatchEvent(new CustomEvent("device", { detail: JSON.parse(event.data) }));
    });
    source.addEventListener("error", () => this.#reopen(1000 + Math.random() * 3000));
  }

  #close() {
    clearTimeout(this.#waiting);
    this.#waiting = null;
    this.#source?.close();
    this.#source = null;
  }

  #reopen(after) {
    this.#close();
    if (!this.#wanted) return;
    this.#waiting = setTimeout(() => this.#open(), after);
    if (after) this.#whetherSignedOut();
  }

  async #whetherSignedOut() {
    const answer = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
    this.signedOut = answer?.status === 401;
  }

  #hello({ boot, seq }) {
    this.#alive();
    this.dispatchEvent(new Event("hello"));
    if (boot !== store.boot || seq !== store.seq) this.resync();
  }

  #frame(frame) {
    this.#alive();
    if (!store.follow(frame)) this.resync();
  }

  async resync() {
    const answer = await fetch("/api/v1/snapshot", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return this.#reopen(2000 + Math.random() * 2000);
    store.restore(await answer.json());
    this.#alive();
    return undefined;
  }

  #alive() {
    this.#heard = performance.now();
    this.signedOut = false;
    this.#set("live");
  }

  #look() {
    if (!this.#wanted) return;
    if (this.age >= SOUNDS) this.#set("dead");
    else if (this.age >= STALE) this.#set("stale");
    this.dispatchEvent(new Event("age"));
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

export const link = new Link();
