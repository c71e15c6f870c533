// The sound of this screen. A browser allows it only after somebody pressed something: "start shift".
//
// Three sounds, each different: the alarm (two tones), the stale tone (slow low pulses: the data stands
// still, or no gateway works),
// and a single chime (the test, and a new alert below alarm). Mute (消音) stops what sounds now for two minutes,
// on this screen; whatever happens anew sounds again.

const MUTE = 120000;
const ARMED = "tocsin-shift"; // kept for this tab: a reload goes on sounding where the browser allows it

class Sound extends EventTarget {
  #context = null;
  #playing = null;
  #name = "";
  #muted = new Set();
  #mutedUntil = 0;
  #wanted = { name: "", causes: [] };

  get on() {
    return this.#context?.state === "running";
  }

  /** Somebody has started a shift in this tab. */
  get armed() {
    return sessionStorage.getItem(ARMED) === "on";
  }

  /** ms of mute that are left. */
  get muteLeft() {
    return Math.max(0, this.#mutedUntil - performance.now());
  }

  /** What sounds now: "alarm", "stale" or "". */
  get playing() {
    return this.#playing ? this.#name : "";
  }

  /** From a press. Sounds a test tone so that the guard has heard that it works. */
  async arm() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    sessionStorage.setItem(ARMED, "on");
    this.chime();
    this.look();
  }

  /** After a reload: try without asking; where the browser refuses, the red banner stays. */
  rearm() {
    if (!this.armed) return;
    this.#context = new AudioContext();
    const resume = () => this.#context.resume().then(() => this.look(), () => undefined);
    resume();
    for (const press of ["pointerdown", "keydown"]) addEventListener(press, () => this.on || resume());
  }

  /** Say what ought to sound and why: "alarm" or "stale" or "", with an id for each cause. */
  want(name, causes) {
    this.#wanted = { name, causes };
    this.look();
  }

  mute() {
    this.#mutedUntil = performance.now() + MUTE;
    this.#muted = new Set(this.#wanted.causes);
    this.look();
  }

  /** Compare what sounds with what should. Called often; cheap. */
  look() {
    const muted = this.muteLeft > 0 && this.#wanted.causes.every((cause) => this.#muted.has(cause));
    if (!muted && this.muteLeft > 0 && this.#wanted.name) this.#mutedUntil = 0;
    const name = this.on && !muted ? this.#wanted.name : "";
    if (name !== this.playing) {
      this.#stop();
      if (name) this.#start(name);
    }
    this.dispatchEvent(new Event("change"));
  }

  chime() {
    if (!this.on) return;
    const context = this.#context;
    const [tone, level] = [context.createOscillator(), context.createGain()];
    tone.frequency.setValueAtTime(660, context.currentTime);
    tone.frequency.setValueAtTime(880, context.currentTime + 0.18);
    level.gain.setValueAtTime(0.25, context.currentTime);
    level.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.9);
    tone.connect(level).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 1);
  }

  /** One oscillator carries the tone, a slow square one moves its pitch (alarm) or its loudness (stale). */
  #start(name) {
    const context = this.#context;
    const tone = new OscillatorNode(context, { type: "triangle", frequency: name === "alarm" ? 860 : 330 });
    const level = new GainNode(context, { gain: name === "alarm" ? 0.35 : 0.15 });
    const beat = new OscillatorNode(context, { type: "square", frequency: name === "alarm" ? 2 : 0.8 });
    const depth = new GainNode(context, { gain: name === "alarm" ? 110 : 0.15 });
    beat.connect(depth).connect(name === "alarm" ? tone.frequency : level.gain);
    tone.connect(level).connect(context.destination);
    tone.start();
    beat.start();
    this.#playing = [tone, beat, level];
    this.#name = name;
  }

  #stop() {
    for (const node of this.#playing ?? []) {
      node.stop?.();
      node.disconnect();
    }
    this.#playing = null;
  }
}

export const sound = new Sound();
