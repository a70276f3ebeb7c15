// WCAG 2.2 AA as far as a machine can tell, on every page, in both themes and languages.
import { violations } from "./axe";
import { expect, test } from "./fixtures";

for (const theme of ["light", "dark"] as const)
  for (const language of ["en", "zh"] as const)
    test(`every page, ${theme}, ${language}`, async ({ studio }) => {
      const { page } = studio;
      await page.addInitScript(([t, l]) => {
        localStorage.setItem("theme", t);
        localStorage.setItem("language", l);
      }, [theme, language] as const);
      for (const path of ["/", "/gallery", "/queue", "/grid", "/models", "/settings"]) {
        await studio.open(path);
        await expect(page.locator(path === "/" ? "[data-testid=work-restyle]" : ".page > *")).toBeVisible();
        expect(await violations(studio), path).toEqual([]);
      }
      await studio.open();
      await studio.bring("chelsea.png");
      await page.getByTestId("engine-img2img").click();
      await page.locator("summary").first().click();
      expect(await violations(studio), "restyle").toEqual([]);
      for (const work of ["retouch", "extend", "enlarge", "dress", "blend", "describe", "create"]) {
        await studio.work(work);
        expect(await violations(studio), work).toEqual([]);
      }
      await studio.work("retouch");
      await page.getByTestId("mask-auto").click();
      expect(await violations(studio), "a menu").toEqual([]);
      await page.keyboard.press("Escape");
    });

test("a result, its settings and every dialog", async ({ studio }) => {
  const { page } = studio;
  test.setTimeout(120_000);
  await studio.open();
  await studio.bring("robin.jpg");
  await studio.go();
  await studio.result();
  expect(await violations(studio), "result").toEqual([]);
  await page.getByTestId("result-info").click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await violations(studio), "how it was made").toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByTestId("result-back").click();
  await page.getByTestId("engine-img2img").click();
  for (const name of ["Styles", "History", "LoRA…"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await violations(studio), name).toEqual([]);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  }
  await page.getByTestId("crop").click();
  expect(await violations(studio), "crop").toEqual([]);
});
