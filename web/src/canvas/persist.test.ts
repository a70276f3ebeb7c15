import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/client";
import type { Clock } from "../api/events";
import type { Json, StoredDocument } from "../api/types";
import { MemoryStore } from "../base/storage";
import type { DocumentContent } from "./document";
import { Persist, type Conflict } from "./persist";

const content = (n: number): DocumentContent => ({ version: 1, width: 4, height: 4, cursor: n, ops: Array.from({ length: n }, () => ({ type: "fill" as const })) });

// A server gives members back in another order.
const shuffled = (value: Json): Json => Object.fromEntries(Object.entries(value as Record<string, Json>).reverse());

// A server of one document, which can be away.
class Remote {
  stored: StoredDocument | null = null;
  away = false;
  mute = false; // does what it is asked, but no answer gets through
  private check(): void {
    if (this.away) throw new ApiError(0, "unreachable", "");
  }
  private answer<Value>(value: Value): Value {
    if (this.mute) throw new ApiError(0, "unreachable", "");
    return value;
  }
  documents = async () => { this.check(); return { items: this.stored ? [this.stored] : [], next: null }; };
  document = async () => { this.check(); return this.stored as StoredDocument; };
  newDocument = async (input: string | null, value: Json) => {
    this.check();
    this.stored = { id: "d1", input, name: "", revision: 1, updated: 0, content: shuffled(value) };
    return this.answer(this.stored);
  };
  saveDocument = async (id: string, revision: number, value: Json) => {
    this.check();
    if (!this.stored || this.stored.revision !== revision) throw new ApiError(409, "conflict", "", null, this.stored);
    this.stored = { ...this.stored, id, revision: revision + 1, content: shuffled(value) };
    return this.answer(this.stored);
  };
}

let due: (() => void)[];
const clock: Clock = {
  after: (_ms, run) => {
    due.push(run);
    return () => (due = due.filter((other) => other !== run));
  },
};
const settle = async (): Promise<void> => {
  const now = due;
  due = [];
  for (const run of now) run();
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};
let store: MemoryStore;
let remote: Remote;
let conflicts: Conflict[];
const open = (): Persist => new Persist("sha", store, remote, clock, (conflict) => conflicts.push(conflict));

beforeEach(() => {
  due = [];
  store = new MemoryStore();
  remote = new Remote();
  conflicts = [];
});

describe("Persist", () => {
  it("is there again after a reload, before the server heard of it", async () => {
    await open().save(content(2));
    expect(await open().load()).toEqual(content(2));
  });
  it("brings the drawing to another device", async () => {
    await open().save(content(3));
    await settle();
    store = new MemoryStore();
    expect(await open().load()).toEqual(content(3));
  });
  it("keeps on saving while the server is away", async () => {
    const persist = open();
    remote.away = true;
    await persist.save(content(1));
    await settle();
    expect(persist.hasUnsaved).toBe(true);
    remote.away = false;
    await settle();
    expect(persist.hasUnsaved).toBe(false);
    expect(remote.stored?.content).toEqual(content(1));
  });
  it("asks when somebody else saved in between, and overwrites nothing", async () => {
    const mine = open();
    await mine.save(content(1));
    await settle();
    remote.stored = { ...(remote.stored as StoredDocument), revision: 7, content: content(9) as unknown as Json };
    await mine.save(content(2));
    await settle();
    expect(conflicts).toHaveLength(1);
    expect(remote.stored.content).toEqual(content(9));
    await mine.resolve(conflicts[0] as Conflict, "mine");
    await settle();
    expect(remote.stored.content).toEqual(content(2));
    expect(remote.stored.revision).toBe(8);
  });
  it("asks when somebody else began to draw since the picture was opened", async () => {
    const mine = open();
    await mine.load();
    remote.stored = { id: "d1", input: "sha", name: "", revision: 1, updated: 0, content: content(5) as unknown as Json };
    expect(mine.isNews("d1", 1)).toBe(true);
    await mine.save(content(1));
    await settle();
    expect(conflicts).toHaveLength(1);
    expect(remote.stored.content).toEqual(content(5));
  });
  it("knows its own drawing again when a reload swallowed the answer", async () => {
    for (const first of [true, false]) {
      if (!first) {
        const before = open();
        await before.load();
        await before.save(content(1));
        await settle();
      }
      const mine = open();
      if (!first) await mine.load();
      remote.mute = true;
      await mine.save(content(2));
      await settle();
      await mine.save(content(3));
      remote.mute = false;
      const again = open();
      expect(await again.load()).toEqual(content(3));
      await settle();
      expect(remote.stored?.content).toEqual(content(3));
      expect(conflicts).toEqual([]);
      store = new MemoryStore();
      remote.stored = null;
      due = [];
    }
  });
  it("knows its own drawing again when the connection swallowed the answer", async () => {
    const mine = open();
    await mine.save(content(1));
    await settle();
    remote.mute = true;
    await mine.save(content(2));
    await settle();
    remote.mute = false;
    await mine.save(content(3));
    await settle();
    await settle();
    expect(conflicts).toEqual([]);
    expect(remote.stored?.content).toEqual(content(3));
    expect(mine.hasUnsaved).toBe(false);
  });
  it("takes the other drawing when told to", async () => {
    const mine = open();
    await mine.save(content(1));
    await settle();
    remote.stored = { ...(remote.stored as StoredDocument), revision: 7, content: content(9) as unknown as Json };
    await mine.save(content(2));
    await settle();
    expect(await mine.resolve(conflicts[0] as Conflict, "theirs")).toEqual(content(9));
    expect(await open().load()).toEqual(content(9));
  });
});
