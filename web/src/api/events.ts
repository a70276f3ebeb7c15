// One stream of events a tab. A browser reconnects by itself after a stream ends, but gives up for
// good on any answer that is not 200 (a proxy's 502 while the server restarts): then we open anew
// after 0.5 to 30 s, doubling, with ?after= because a new object sends no Last-Event-ID.
// Forty seconds without even a ping count as a break.
import type { ServerEvent } from "./types";

export interface Clock {
  after(milliseconds: number, run: () => void): () => void;
}

export const browserClock: Clock = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface Stream {
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

const names = [
  "snapshot", "job", "job_removed", "progress", "queue", "picture", "pictures_removed", "document", "models", "download", "settings", "ping",
] as const satisfies readonly ServerEvent["type"][];

const kSilenceMs = 40_000;
const kClosed = 2;

export class Events {
  private stream: Stream | null = null;
  private lastId = "";
  private failures = 0;
  private stopSilence: () => void = () => {};
  private stopRetry: () => void = () => {};
  private running = false;

  constructor(
    private readonly open: (url: string) => Stream,
    private readonly clock: Clock,
    private readonly onEvent: (event: ServerEvent) => void,
    private readonly onConnected: (connected: boolean) => void,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.connect();
  }

  stop(): void {
    this.running = false;
    this.hangUp();
  }

  private hangUp(): void {
    this.stopSilence();
    this.stopRetry();
    this.stream?.close();
    this.stream = null;
  }

  private connect(): void {
    this.hangUp();
    const stream = this.open(`/api/v1/events${this.lastId ? `?after=${encodeURIComponent(this.lastId)}` : ""}`);
    this.stream = stream;
    stream.onopen = () => {
      this.failures = 0;
      this.onConnected(true);
    };
    stream.onerror = () => {
      this.onConnected(false);
      if (stream.readyState === kClosed) this.later();
    };
    for (const name of names)
      stream.addEventListener(name, (message) => {
        if (stream !== this.stream) return;
        this.listenForSilence();
        if (message.lastEventId) this.lastId = message.lastEventId;
        this.onEvent(JSON.parse(message.data) as ServerEvent);
      });
    this.listenForSilence();
  }

  private listenForSilence(): void {
    this.stopSilence();
    this.stopSilence = this.clock.after(kSilenceMs, () => {
      this.onConnected(false);
      this.connect();
    });
  }

  private later(): void {
    this.hangUp();
    if (!this.running) return;
    const wait = Math.min(30_000, 500 * 2 ** this.failures) * (0.75 + this.random() / 2);
    this.failures += 1;
    this.stopRetry = this.clock.after(wait, () => this.connect());
  }
}
