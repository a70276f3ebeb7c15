// With one hand at 360 x 640: what the other pages need, and what all of them promise.
import { expect, test } from "./fixtures";

test.beforeEach(({ studio }) => test.skip(!studio.phone, "a phone"));

const paths = ["/", "/gallery", "/queue", "/grid", "/models", "/settings"];

for (const language of ["en", "zh"] as const)
  test(`nothing sticks out sideways, and every target is large enough for a finger, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await page.addInitScript((chosen) => localStorage.setItem("language", chosen), language);
    const look = async (what: string): Promise<void> => {
      const widths = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll(".page, .panel, .scroll")].map((element) => element.scrollWidth));
      expect(Math.max(...widths), `${what}: width`).toBeLessThanOrEqual(360);
      const found = await page.evaluate(() =>
        [...document.querySelectorAll("button, a[href], select, input:not([hidden]), summary")].flatMap((element) => {
          const box = (element.closest("label.check") ?? element).getBoundingClientRect();
          const seen = box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden" && !element.closest(".visually-hidden, [inert]");
          // WCAG 2.5.8: links inside a sentence are as high as its lines.
          const small = (box.width < 43.5 || box.height < 43.5) && !element.closest("p");
          return seen && small ? [`${element.outerHTML.slice(0, 110)} ${Math.round(box.width)}x${Math.round(box.height)}`] : [];
        }));
      expect(found, what).toEqual([]);
    };
    for (const path of paths) {
      await studio.open(path);
      await expect(page.locator(path === "/" ? "[data-testid=work-restyle]" : ".page > *")).toBeVisible();
      await look(path);
    }
    await studio.open();
    await studio.bring("chelsea.png");
    for (const work of ["restyle", "retouch", "extend", "enlarge", "dress", "describe"]) {
      await studio.work(work);
      await look(work);
    }
  });

test("a model is looked at and taken", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/models");
  await page.getByRole("button", { name: "tiny" }).tap();
  const dialog = page.getByRole("dialog", { name: "tiny" });
  await expect(dialog).toContainText("A complete model");
  const box = await dialog.boundingBox();
  expect(box && box.x >= 0 && box.x + box.width <= 360 && box.y >= 0 && box.y + box.height <= 640).toBe(true);
  await dialog.getByRole("button", { name: "Use", exact: true }).tap();
  await expect(dialog).toBeHidden();
});

test("the settings are changed with a thumb, and a phone is paired", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/settings");
  await page.getByTestId("theme-dark").tap();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByTestId("pair").tap();
  const code = page.getByRole("img", { name: "Pairing code" });
  await expect(code).toBeVisible();
  const box = await code.boundingBox();
  expect(box && box.width >= 150 && box.x >= 0 && box.x + box.width <= 360).toBe(true);
});

test("a grid is set up, painted and opened", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").tap();
  await page.getByTestId("prompt").fill("an oil painting of a robin on a branch, thick brush strokes, warm light");
  await page.getByTestId("nav-grid").tap();
  await page.getByLabel("Values").first().fill("0.3, 0.6");
  await page.getByTestId("grid-go").tap();
  await expect(page.locator("table img")).toHaveCount(2, { timeout: 40_000 });
  expect(await page.locator(".page").evaluate((element) => element.scrollWidth)).toBeLessThanOrEqual(360);
  await page.locator("table button").last().tap();
  await expect(page.getByTestId("result")).toBeVisible();
});

test("the keyboard of the phone leaves the button in sight", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").tap();
  await page.getByTestId("prompt").tap();
  // As a keyboard of 260 px takes its room.
  await page.evaluate(() => {
    Object.defineProperty(window.visualViewport, "height", { configurable: true, get: () => 380 });
    window.visualViewport?.dispatchEvent(new Event("resize"));
  });
  await expect.poll(async () => { const box = await page.getByTestId("go").boundingBox(); return box ? box.y + box.height : 999; }).toBeLessThanOrEqual(380);
  await expect(page.getByTestId("prompt")).toBeInViewport();
});
