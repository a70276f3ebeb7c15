// The queue as the server tells it: written only by its answers and events.
import type { Client } from "../api/client";
import type { Job, Queue, ServerEvent } from "../api/types";

const finished = new Set<Job["state"]>(["done", "failed", "cancelled", "interrupted"]);
const kQuietQueue: Queue = { paused: false, notice: null, queued: 0, running: null, interrupted: [], left_s: null };

export const isFinished = (job: Job): boolean => finished.has(job.state);

export class Jobs {
  #all = $state.raw<ReadonlyMap<string, Job>>(new Map());
  #queue = $state.raw<Queue>(kQuietQueue);
  readonly #waiting = new Map<string, ((job: Job) => void)[]>();

  readonly queued = $derived([...this.#all.values()].filter((job) => job.state === "queued").sort((a, b) => (a.position ?? 0) - (b.position ?? 0)));
  readonly running = $derived([...this.#all.values()].find((job) => job.state === "running") ?? null);
  readonly past = $derived([...this.#all.values()].filter(isFinished).sort((a, b) => (b.finished ?? b.created) - (a.finished ?? a.created)));
  readonly active = $derived(this.queued.length + (this.running ? 1 : 0));

  constructor(private readonly client: Client) {}

  get queue(): Queue {
    return this.#queue;
  }
  find(id: string): Job | undefined {
    return this.#all.get(id);
  }

  apply(event: ServerEvent): void {
    switch (event.type) {
      case "snapshot":
        this.#queue = event.queue;
        this.#all = new Map(event.jobs.map((job) => [job.id, job]));
        for (const job of event.jobs) this.#tellIfFinished(job);
        void this.#askAboutTheRest();
        break;
      case "job":
        this.put(event.job);
        break;
      case "job_removed": {
        const all = new Map(this.#all);
        all.delete(event.id);
        this.#all = all;
        break;
      }
      case "progress": {
        const job = this.#all.get(event.job);
        if (job?.state === "running") this.#all = new Map(this.#all).set(job.id, { ...job, progress: event.progress });
        break;
      }
      case "queue":
        this.#queue = event.queue;
        this.checkPlaces();
        break;
      default:
        break;
    }
  }

  // What a request answered. Events may have overtaken it, so it counts only for a job that nobody
  // has told of yet.
  offer(job: Job): void {
    if (!this.#all.has(job.id)) this.put(job);
  }

  // What an event says. A job that is done stays done: whatever tells of it otherwise is older.
  put(job: Job): void {
    const known = this.#all.get(job.id);
    if (known?.state === "done" && job.state !== "done") return;
    // Progress comes by its own events; a job event without it does not take it away.
    const progress = job.progress ?? (job.state === "running" ? (known?.progress ?? null) : null);
    this.#all = new Map(this.#all).set(job.id, { ...job, progress });
    this.#tellIfFinished(job);
  }

  // When one job changes its place, so do others: asked for when their numbers no longer fit.
  checkPlaces(): void {
    if (this.queued.every((job, i) => job.position === i + 1)) return;
    this.client.jobs("state=queued&limit=200").then((page) => {
      for (const job of page.items) if (this.#all.get(job.id)?.state === "queued") this.put(job);
    }).catch(() => {});
  }

  // The job once it is done, failed, cancelled or interrupted.
  whenFinished(id: string): Promise<Job> {
    const job = this.#all.get(id);
    if (job && isFinished(job)) return Promise.resolve(job);
    return new Promise((resolve) => this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]));
  }

  #tellIfFinished(job: Job): void {
    if (!isFinished(job)) return;
    for (const tell of this.#waiting.get(job.id) ?? []) tell(job);
    this.#waiting.delete(job.id);
  }

  // A snapshot holds the last jobs only; somebody may wait for one that ended long before it.
  async #askAboutTheRest(): Promise<void> {
    for (const id of [...this.#waiting.keys()]) if (!this.#all.has(id)) this.offer(await this.client.job(id));
  }
}
