import { beforeEach, describe, expect, it } from "vitest";
import { Events, type Clock, type Stream } from "./events";
import type { ServerEvent } from "./types";

class FakeStream implements Stream {
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readyState = 0;
  closed = false;
  private listeners = new Map<string, (event: MessageEvent<string>) => void>();
  constructor(readonly url: string) {}
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  send(event: ServerEvent, id = ""): void {
    this.listeners.get(event.type)?.({ data: JSON.stringify(event), lastEventId: id } as MessageEvent<string>);
  }
  fail(): void {
    this.readyState = 2;
    this.onerror?.({} as Event);
  }
}

let streams: FakeStream[];
let timers: { at: number; run: () => void }[];
let got: string[];
let connected: boolean[];
const clock: Clock = {
  after: (at, run) => {
    const timer = { at, run };
    timers.push(timer);
    return () => (timers = timers.filter((other) => other !== timer));
  },
};
const make = (): Events =>
  new Events((url) => { const stream = new FakeStream(url); streams.push(stream); return stream; }, clock, (event) => got.push(event.type), (is) => connected.push(is), () => 0.5);
const last = (): FakeStream => streams.at(-1) as FakeStream;
const fire = (least: number): void => {
  const timer = timers.find((candidate) => candidate.at >= least);
  timers = timers.filter((other) => other !== timer);
  timer?.run();
};

beforeEach(() => {
  streams = [];
  timers = [];
  got = [];
  connected = [];
});

describe("Events", () => {
  it("hand on what the server says", () => {
    make().start();
    last().send({ type: "ping", time: 1 });
    expect(got).toEqual(["ping"]);
  });
  it("open anew after the last event when the browser gave up, later each time", () => {
    make().start();
    last().send({ type: "models" }, "e-5");
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      last().fail();
      waits.push(timers.at(-1)?.at ?? 0);
      fire(0);
    }
    expect(last().url).toBe("/api/v1/events?after=e-5");
    expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(Math.max(...waits)).toBe(30_000);
  });
  it("open anew after forty seconds of silence", () => {
    make().start();
    const first = last();
    fire(40_000);
    expect(first.closed).toBe(true);
    expect(streams).toHaveLength(2);
  });
  it("leave re-connecting to the browser while it tries", () => {
    make().start();
    last().onerror?.({} as Event);
    expect(streams).toHaveLength(1);
    expect(connected).toEqual([false]);
  });
  it("stay silent once stopped", () => {
    const events = make();
    events.start();
    const stream = last();
    events.stop();
    stream.send({ type: "models" });
    expect(got).toEqual([]);
    expect(timers).toEqual([]);
  });
});
