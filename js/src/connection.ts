/**
 * The conversation with one kernel over one model's comm: mounts, frames, requests, heartbeats.
 *
 * Knows the protocol and the stores, and nothing of the DOM.
 */

import { type Signal, signal } from "@preact/signals";
import { Drawing } from "./drawing";
import { type Look, type LookAt, Looks } from "./looks";
import { Parts } from "./parts";
import {
  type ArmedAction,
  decodeFrame,
  type FrameContent,
  FrameError,
  type FromKernel,
  type Method,
  type Model,
  type RunKey,
  randomId,
  type ToastContent,
  type ToKernel,
  type Topic,
  type Welcome,
} from "./protocol";
import { type Request, Requests } from "./requests";
import { RunStore } from "./store";

/** The kernel sends a beat every 5 s while there are mounts; after three missed ones it is thought gone. */
const SILENCE_MS = 16_000;
const CHECK_MS = 2_000;
/** A hello that brings no state within this time is said again, each time later. */
const HELLO_AGAIN_MS = { first: 5_000, most: 40_000 };
/** A snapshot that was asked for and does not come within this time is asked for again. */
const RESYNC_AGAIN_MS = 10_000;

/** One mount's end of the conversation. */
export interface Link {
  readonly vid: string;
  readonly view: string;
  /** The run of the view, null until the kernel has said it and sent its state. */
  readonly store: Signal<RunStore | null>;
  readonly console: Signal<string>;
  /** What the kernel says the view is, null until it does. */
  readonly welcome: Signal<Welcome | null>;
  /** The kernel answered that it does not know the view. */
  readonly unknown: Signal<boolean>;
  seen(visible: boolean): void;
  request(method: Method, params: Record<string, unknown>): Request;
  look(topic: Topic, at: LookAt): Look;
  close(): void;
}

interface Shared {
  store: RunStore;
  resyncAskedAt: number;
}

class Mount implements Link {
  readonly vid = randomId();
  readonly store = signal<RunStore | null>(null);
  readonly console = signal("");
  readonly welcome = signal<Welcome | null>(null);
  readonly unknown = signal(false);
  run: RunKey | null = null;
  visible: boolean | null = null;
  #helloAt = 0;
  #patience = HELLO_AGAIN_MS.first / 2;

  constructor(
    readonly view: string,
    readonly connection: Connection,
  ) {}

  hello(): void {
    this.#helloAt = Date.now();
    this.#patience = Math.min(this.#patience * 2, HELLO_AGAIN_MS.most);
    this.connection.send({ type: "hello", view: this.view, vid: this.vid });
    if (this.visible === false) this.connection.send({ type: "seen", vid: this.vid, visible: false });
  }

  /** Says hello again where that brought nothing: what is said while comms are set up or cut may be lost. */
  insist(): void {
    const table = this.welcome.value?.kind === "table";
    const answered = this.store.value !== null || this.unknown.value || table;
    if (!answered && Date.now() - this.#helloAt > this.#patience) this.hello();
  }

  seen(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    if (visible && this.store.value) this.connection.drawing.seen(this.store.value);
    this.connection.send({ type: "seen", vid: this.vid, visible });
  }

  request(method: Method, params: Record<string, unknown>): Request {
    return this.connection.requests.ask(this.vid, method, params);
  }

  look(topic: Topic, at: LookAt): Look {
    return this.connection.looks.open(this.vid, topic, at);
  }

  close(): void {
    this.connection.unmount(this);
  }
}

export class Connection {
  /** Whether the kernel was heard of lately. */
  readonly alive = signal(true);
  /** The hashes of the endpoints that the kernel is connected to. */
  readonly places = signal<string[]>([]);
  /** The actions that are armed on runs. */
  readonly armed = signal<Record<RunKey, ArmedAction[]>>({});
  /** When it was last heard of, by the page's clock. */
  lastHeard = Date.now();

  readonly requests: Requests;
  readonly looks: Looks;
  readonly parts: Parts;
  readonly drawing = new Drawing();

  readonly #model: Model;
  readonly #toasts = new Set<(toast: ToastContent) => void>();
  readonly #mounts = new Map<string, Mount>();
  readonly #runs = new Map<RunKey, Shared>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.requests = new Requests((message) => this.send(message));
    this.parts = new Parts(this.requests);
    this.looks = new Looks((message) => this.send(message));
    model.on("msg:custom", this.#receive);
    model.on("comm_live_update", this.#lose);
    globalThis.addEventListener?.("pagehide", this.#leave);
  }

  /** Calls `show` with each notice until the returned function is called. */
  onToast(show: (toast: ToastContent) => void): () => void {
    this.#toasts.add(show);
    return () => this.#toasts.delete(show);
  }

  /** Says hello for a new mount of `view`. */
  mount(view: string): Link {
    const mount = new Mount(view, this);
    this.#mounts.set(mount.vid, mount);
    if (this.#timer === undefined) {
      this.lastHeard = Date.now();
      this.#timer = setInterval(this.#check, CHECK_MS);
    }
    mount.hello();
    return mount;
  }

  unmount(mount: Mount): void {
    if (!this.#mounts.delete(mount.vid)) return;
    this.send({ type: "bye", vid: mount.vid });
    const { run } = mount;
    if (run !== null && ![...this.#mounts.values()].some((other) => other.run === run))
      this.#runs.delete(run);
    if (this.#mounts.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Sends; says whether it could. After a kernel restart a model throws "Cannot send". */
  send(message: ToKernel): boolean {
    try {
      this.#model.send(message);
      return true;
    } catch {
      this.alive.value = false;
      return false;
    }
  }

  /** Leaves: every mount says bye. */
  close(): void {
    for (const mount of [...this.#mounts.values()]) this.unmount(mount);
    this.requests.close();
    this.#model.off("msg:custom", this.#receive);
    this.#model.off("comm_live_update", this.#lose);
    globalThis.removeEventListener?.("pagehide", this.#leave);
  }

  /** The manager of the widgets has lost the kernel, or found it again: what is heard next will tell. */
  readonly #lose = (): void => {
    this.alive.value = false;
  };

  readonly #leave = (): void => {
    for (const mount of this.#mounts.values()) this.send({ type: "bye", vid: mount.vid });
  };

  readonly #check = (): void => {
    if (Date.now() - this.lastHeard > SILENCE_MS) this.alive.value = false;
    for (const mount of this.#mounts.values()) mount.insist();
  };

  readonly #receive = (content: unknown, buffers?: unknown): void => {
    const message = content as FromKernel;
    this.#heard();
    switch (message?.type) {
      case "welcome":
        this.#welcome(message);
        break;
      case "here":
        this.places.value = message.places;
        break;
      case "armed":
        this.armed.value = { ...this.armed.value, [message.run]: message.armed };
        break;
      case "toast":
        for (const show of this.#toasts) show(message);
        break;
      case "unknown": {
        const mount = this.#mounts.get(message.vid);
        if (mount) mount.unknown.value = true;
        break;
      }
      case "frame":
        this.#frame(message, buffers);
        break;
      case "sight":
        this.looks.receive(message, buffers);
        break;
      case "reply":
        this.requests.settle(message.rid, message.ok, message.result, message.error);
        break;
      case "beat":
        this.#compare(message.runs);
        break;
    }
  };

  #heard(): void {
    this.lastHeard = Date.now();
    if (this.alive.value) return;
    this.alive.value = true;
  }

  #welcome(message: Welcome): void {
    const { vid, run } = message;
    const mount = this.#mounts.get(vid);
    if (!mount) return;
    mount.console.value = message.console;
    mount.unknown.value = false;
    mount.welcome.value = message;
    if (message.kind === "table") return;
    mount.run = run;
    const shared = this.#runs.get(run) ?? { store: new RunStore(run), resyncAskedAt: 0 };
    this.#runs.set(run, shared);
    if (shared.store.seq > 0) mount.store.value = shared.store;
  }

  #frame(content: FrameContent, buffers: unknown): void {
    const shared = this.#runs.get(content.run);
    if (!shared) return;
    let applied: ReturnType<RunStore["apply"]>;
    try {
      applied = shared.store.apply(decodeFrame(content, buffers));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      applied = "gap";
    }
    if (applied === "applied") {
      if (content.kind === "snapshot") shared.resyncAskedAt = 0;
      this.#draw(shared);
    } else if (applied === "gap") {
      this.#resync(shared);
    }
  }

  /** Finds frames that were lost before a silence: no later one shows the gap. */
  #compare(runs: Record<RunKey, number>): void {
    for (const [run, seq] of Object.entries(runs ?? {})) {
      const shared = this.#runs.get(run);
      if (shared && shared.store.seq < seq) this.#resync(shared);
    }
  }

  #resync(shared: Shared): void {
    const now = Date.now();
    if (now - shared.resyncAskedAt < RESYNC_AGAIN_MS) return;
    shared.resyncAskedAt = now;
    this.send({ type: "resync", run: shared.store.key });
  }

  /** Lets views draw. */
  #draw({ store }: Shared): void {
    let inSight = false;
    for (const mount of this.#mounts.values()) {
      if (mount.run !== store.key) continue;
      if (mount.store.value === null) mount.store.value = store;
      inSight ||= mount.visible !== false;
    }
    if (inSight) this.drawing.soon(store);
    else this.drawing.later(store);
  }
}
