// What the page keeps in the browser: small values at once (localStorage), documents in IndexedDB.
// Both may be forbidden or full (private windows); the page then works without memory.

export interface Store {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
}

export class MemoryStore implements Store {
  private readonly values = new Map<string, string>();

  get<T>(key: string): Promise<T | undefined> {
    const text = this.values.get(key);
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as T));
  }

  set(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }
}

const asPromise = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });

class IndexedStore implements Store {
  constructor(private readonly database: IDBDatabase) {}

  get<T>(key: string): Promise<T | undefined> {
    return asPromise(this.database.transaction("values").objectStore("values").get(key) as IDBRequest<T | undefined>);
  }

  // Both are on their way to the disk before they return: a page that goes away (a reload in the
  // middle of painting) takes every transaction with it that was not told to commit.
  async set(key: string, value: unknown): Promise<void> {
    await this.#change((table) => table.put(value, key));
  }

  async remove(key: string): Promise<void> {
    await this.#change((table) => table.delete(key));
  }

  #change<T>(ask: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const transaction = this.database.transaction("values", "readwrite");
    const asked = ask(transaction.objectStore("values"));
    transaction.commit?.();
    return asPromise(asked);
  }
}

export const openStore = async (name: string): Promise<Store> => {
  try {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("values");
    return new IndexedStore(await asPromise(request));
  } catch {
    return new MemoryStore();
  }
};

// localStorage that never throws.
export const remembered = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or forbidden: the value holds until the page closes.
    }
  },
  remove(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // As above.
    }
  },
  getJson<T>(key: string, otherwise: T): T {
    const text = this.get(key);
    if (text === null) return otherwise;
    try {
      return JSON.parse(text) as T;
    } catch {
      return otherwise;
    }
  },
  setJson(key: string, value: unknown): void {
    this.set(key, JSON.stringify(value));
  },
};
