import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

// What is left in another language is names: of products, files, networks, and what people wrote.
const names = /^(English|中文|Pentimento.*|VAE|LoRA…?|CLIP|CPU.*|ControlNet( \d)?|IP-Adapter|CatVTON|Civitai|Hugging Face|SHA-256|PNG|JPEG|WebP|robin\.jpg|tiny|pentimento-default|realesrgan-\S+|a cat)$/;

// Every text on the screen, and every one that is only read aloud.
const foreign = (page: Page, letters: string, without: string): Promise<string[]> =>
  page.evaluate(([own, other]) => {
    const words: string[] = [];
    const take = (text: string | null): void => {
      if (text && new RegExp(own, "u").test(text) && !(other && new RegExp(other, "u").test(text))) words.push(text.trim());
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent && !parent.closest("script, style, code, kbd, [lang=en], [lang=zh-CN], [translate=no], [data-testid=terms-english]")) take(walker.currentNode.textContent);
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt], [aria-valuetext]"))
      if (!element.closest("[translate=no]"))
        for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"]) take(element.getAttribute(name));
    return [...new Set(words)];
  }, [letters, without] as const);
const english = async (page: Page, also: RegExp | null = null): Promise<string[]> =>
  (await foreign(page, "[A-Za-z]{3,}", "\\p{Script=Han}")).filter((word) => !names.test(word) && !also?.test(word));

const unfold = (page: Page): Promise<void> =>
  page.evaluate(() => {
    for (const fold of document.querySelectorAll<HTMLDetailsElement>(".panel details")) fold.open = true;
  });

for (const path of ["/", "/gallery", "/queue", "/grid", "/models", "/settings"])
  test(`${path} is Chinese through and through when asked`, async ({ studio }) => {
    const { page } = studio;
    await page.addInitScript(() => localStorage.setItem("language", "zh"));
    await studio.open(path);
    await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
    await expect(page.getByTestId("nav-studio")).toContainText("画室");
    await expect(page.locator(path === "/" ? "[data-testid=work-restyle]" : ".page > *")).toBeVisible();
    expect(await english(page, path === "/models" ? /\.safetensors$/ : null)).toEqual([]);
  });

// Samplers and schedules are called the same everywhere.
const solvers = /^(DPM|Euler|LMS|Heun|Restart|DDIM|PLMS|UniPC|LCM|TCD|Uniform$|Karras|Exponential|Polyexponential|SGM Uniform|KL Optimal|Align Your Steps|Simple$|Normal$|Beta$)/;

test("every job with all its settings is Chinese when asked", async ({ studio }) => {
  const { page } = studio;
  test.setTimeout(120_000);
  await page.addInitScript(() => localStorage.setItem("language", "zh"));
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  for (const work of ["restyle", "retouch", "extend", "enlarge", "dress", "blend", "describe", "create"]) {
    await studio.work(work);
    await unfold(page);
    expect(await english(page, solvers), work).toEqual([]);
  }
});

test("a result, how it was made and what is refused are Chinese when asked", async ({ studio }) => {
  const { page } = studio;
  await page.addInitScript(() => localStorage.setItem("language", "zh"));
  await studio.open();
  await studio.bring("robin.jpg");
  await studio.go();
  await studio.result();
  expect(await english(page), "result").toEqual([]);
  await page.getByTestId("result-info").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("summary").click();
  await expect(dialog).toContainText("秋日烈焰");
  // Versions and checksums are what they are.
  expect(await english(page, /^(pentimento |[0-9a-f]{10,64}$)/), "how it was made").toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByTestId("result-back").click();
  await page.getByTestId("file").setInputFiles({ name: "x.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByText("无法读取此图片")).toBeVisible();
  expect(await english(page), "a refusal").toEqual([]);
  // The program's own line is there for those who want it.
  await page.getByText("详情").click();
  await expect(page.getByText("is not a PNG")).toBeVisible();
});

test("a model is told in Chinese when asked", async ({ studio }) => {
  const { page } = studio;
  await page.addInitScript(() => localStorage.setItem("language", "zh"));
  await studio.open("/models");
  await page.getByRole("button", { name: "tiny" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("识别说明").click();
  await expect(dialog).toContainText("预测方式");
  expect(await english(page, /^(\/|[0-9a-f]{64}$|format$|\S+\.safetensors$)/)).toEqual([]);
});

test("no page shows a key where words should be", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await studio.go();
  await studio.result();
  await page.getByTestId("result-info").click();
  await expect(page.getByRole("dialog")).toContainText("Autumn blaze");
  const keys = /^(?=.*[._])[a-z]+([._][a-z_]+)+$|^[a-z]+(-[a-z]+)+$/;
  const look = async (where: string): Promise<void> => expect((await foreign(page, "[a-z]{3,}", "")).filter((word) => keys.test(word) && !names.test(word)), where).toEqual([]);
  await look("how it was made");
  await page.keyboard.press("Escape");
  await page.getByTestId("result-back").click();
  for (const work of ["restyle", "retouch", "extend", "enlarge", "dress", "blend", "describe", "create"]) {
    await studio.work(work);
    await unfold(page);
    await look(work);
  }
  for (const path of ["/gallery", "/queue", "/grid", "/models", "/settings"]) {
    await studio.open(path);
    await expect(page.locator(".page > *")).toBeVisible();
    await look(path);
  }
});

test("the language changes at once and stays", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/settings");
  await page.getByTestId("language-select").selectOption("zh");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置");
});
