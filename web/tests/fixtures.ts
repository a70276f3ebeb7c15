// A program of its own for the tests, and verbs of what a person does. Every page fails its test
// when it logs an error or asks another origin.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test as base, type Locator, type Page } from "@playwright/test";

import { writeAddOns } from "./add_on_files";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = resolve(process.env["PENTIMENTO_PROGRAM"] ?? join(root, "build/src/pentimento"));
export const picture = (name: string): string => join(root, "examples", name);

// What a program of the tests finds in its models folder: nothing (it has the model that came with
// it), a tiny model, or that and everything that works beside one.
type Models = "none" | "tiny" | "all";

export class Program {
  private child: ChildProcess | null = null;
  private port = 0;

  constructor(private readonly folder: string, models: Models = "tiny") {
    mkdirSync(join(folder, "models"), { recursive: true });
    if (models !== "none") symlinkSync(join(root, "tests/golden/pipelines_sd1"), join(folder, "models/tiny"));
    if (models === "all") writeAddOns(join(root, "tests/golden"), join(folder, "models"));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // On the same port as before, as a program that is started again has.
  async start(more: string[] = []): Promise<void> {
    const env = {
      ...process.env,
      PENTIMENTO_DATA: join(this.folder, "data"),
      PENTIMENTO_CACHE: join(this.folder, "cache"),
      PENTIMENTO_CONFIG: join(this.folder, "config"),
    };
    const child = spawn(binary, ["serve", "--port", String(this.port), "--models", join(this.folder, "models"), ...more], { env });
    this.child = child;
    let said = "";
    this.port = await new Promise((done, fail) => {
      child.stdout.on("data", (text: Buffer) => {
        said += text.toString();
        const port = /listening on http:\/\/[^\s]*:(\d+)/.exec(said)?.[1];
        if (port) done(Number(port));
      });
      child.stderr.on("data", (text: Buffer) => (said += text.toString()));
      child.on("exit", (code) => fail(new Error(`${binary} ended with ${code}: ${said}`)));
    });
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null) return Promise.resolve();
    return new Promise((done) => {
      child.removeAllListeners("exit");
      child.on("exit", () => done());
      child.kill(signal);
    });
  }
}

const types: Record<string, string> = {
  ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webp": "image/webp", ".jpg": "image/jpeg",
  ".png": "image/png", ".webmanifest": "application/manifest+json",
};
const policy =
  "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// PENTIMENTO_DIST=1: web/dist as it is, before a new program carries it.
export const fromDist = async (page: Page): Promise<void> => {
  await page.route((url) => !url.pathname.startsWith("/api/") && url.pathname !== "/health", async (route) => {
    const path = new URL(route.request().url()).pathname;
    const file = join(root, "web/dist", existsSync(join(root, "web/dist", path)) && path !== "/" ? path : "index.html");
    await route.fulfill({
      body: readFileSync(file),
      headers: { "Content-Type": types[extname(file)] ?? "text/plain", "Content-Security-Policy": policy },
    });
  });
};

const watched = (page: Page, url: string): string[] => {
  const problems: string[] = [];
  page.on("console", (message) => {
    const text = message.text();
    // What the browser itself says of a server that is away, or refuses, is part of some tests; and
    // the tests read canvases that the page only writes.
    if ((message.type() === "error" || message.type() === "warning") && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_INTERNET|willReadFrequently/.test(text)) problems.push(text);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith("blob:") && !asked.startsWith("data:")) problems.push(`asked ${asked}`);
  });
  return problems;
};

interface Fixtures {
  studio: StudioPage;
}
interface WorkerFixtures {
  models: Models;
  program: Program;
}

export class StudioPage {
  constructor(
    readonly page: Page,
    readonly program: Program,
    readonly phone: boolean,
  ) {}

  get canvas(): Locator {
    return this.page.getByTestId("canvas");
  }

  async open(path = "/"): Promise<void> {
    await this.page.goto(this.program.url + path);
    await expect(this.page.getByTestId("nav-studio")).toBeVisible();
  }

  async bring(name: string): Promise<void> {
    await this.page.getByTestId("file").setInputFiles(picture(name));
    await expect(this.canvas.getByRole("img").first()).toBeVisible();
    await expect(this.page.getByTestId("undo")).toBeVisible();
  }

  file(name: string): string {
    return picture(name);
  }

  // 64 pixels a side: what enlarges in a moment.
  async bringSmall(): Promise<void> {
    const url = await this.page.evaluate(() => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 64;
      const context = canvas.getContext("2d");
      if (context) {
        const sweep = context.createLinearGradient(0, 0, 64, 64);
        sweep.addColorStop(0, "#a63d1f");
        sweep.addColorStop(1, "#2652d6");
        context.fillStyle = sweep;
        context.fillRect(0, 0, 64, 64);
      }
      return canvas.toDataURL("image/png");
    });
    await this.page.getByTestId("file").setInputFiles({ name: "small.png", mimeType: "image/png", buffer: Buffer.from(url.split(",")[1] ?? "", "base64") });
    await expect(this.canvas.getByRole("img").first()).toBeVisible();
  }

  async work(name: string): Promise<void> {
    await this.page.getByTestId(`work-${name}`).click();
  }

  async go(): Promise<void> {
    await expect(this.page.getByTestId("go")).toBeEnabled();
    await this.page.getByTestId("go").click();
  }

  async result(): Promise<void> {
    await expect(this.page.getByTestId("result").locator("img").first()).toBeVisible({ timeout: 40_000 });
  }

  // From share to share of the canvas.
  async paint(...points: [number, number][]): Promise<void> {
    const box = await this.canvas.boundingBox();
    if (!box) throw new Error("there is no canvas");
    const at = ([x, y]: [number, number]): [number, number] => [box.x + box.width * x, box.y + box.height * y];
    const [first, ...rest] = points;
    if (!first) return;
    await this.page.mouse.move(...at(first));
    await this.page.mouse.down();
    for (const point of rest) await this.page.mouse.move(...at(point), { steps: 8 });
    await this.page.mouse.up();
  }

  // How many pixels of the overlay are painted.
  painted(): Promise<number> {
    return this.page.locator("canvas.overlay").evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let i = 3; i < pixels.length; i += 4) if ((pixels[i] ?? 0) > 40) count += 1;
      return count;
    });
  }

  scale(): Promise<number> {
    return this.page.locator(".paper").evaluate((paper) => paper.getBoundingClientRect().width / (paper as HTMLElement).offsetWidth);
  }

  async api<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const answer = await this.page.request.fetch(this.program.url + path, {
      method,
      ...(body === undefined ? {} : { data: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
    return (await answer.json()) as T;
  }
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  models: ["tiny", { option: true, scope: "worker" }],
  program: [
    async ({ models }, use) => {
      const folder = mkdtempSync(join(tmpdir(), "pentimento-page-"));
      const program = new Program(folder, models);
      await program.start();
      await use(program);
      await program.kill("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],
  studio: async ({ page, program }, use, info) => {
    if (process.env["PENTIMENTO_DIST"]) await fromDist(page);
    const problems = watched(page, program.url);
    await use(new StudioPage(page, program, info.project.name === "phone"));
    expect(problems).toEqual([]);
  },
});

// Another tab of the same person, or another person's browser.
export const another = async (studio: StudioPage): Promise<StudioPage> => {
  const context = await studio.page.context().browser()?.newContext({ viewport: studio.page.viewportSize(), hasTouch: studio.phone, isMobile: studio.phone });
  if (!context) throw new Error("there is no browser");
  const page = await context.newPage();
  if (process.env["PENTIMENTO_DIST"]) await fromDist(page);
  return new StudioPage(page, studio.program, studio.phone);
};

export { expect };
