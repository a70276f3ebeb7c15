// WCAG 2.2 AA as far as a machine can tell, on every page, in both themes and languages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { expect, test, type StudioPage } from "./fixtures";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const violations = async (studio: StudioPage): Promise<string[]> => {
  await studio.page.evaluate(axe);
  const results = await studio.page.evaluate(() =>
    (window as unknown as { axe: { run: (options: unknown) => Promise<AxeResults> } }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }));
  return results.violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
};

for (const theme of ["light", "dark"] as const)
  for (const language of ["en", "zh"] as const)
    test(`every page, ${theme}, ${language}`, async ({ studio }) => {
      const { page } = studio;
      test.skip(studio.phone && (theme === "dark") !== (language === "zh"), "two of four will do on the phone");
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
      await studio.work("retouch");
      expect(await violations(studio), "retouch").toEqual([]);
    });

test("targets are large enough for a finger", async ({ studio }) => {
  test.skip(!studio.phone, "fingers");
  const { page } = studio;
  await studio.open();
  await studio.bring("chelsea.png");
  await page.getByTestId("engine-img2img").click();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, select, input:not([hidden])")].flatMap((element) => {
      // A label is part of its box.
      const box = (element.closest("label.check") ?? element).getBoundingClientRect();
      const seen = box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden";
      return seen && (box.width < 43.5 || box.height < 43.5) && !element.closest(".visually-hidden") ? [`${element.outerHTML.slice(0, 120)} ${box.width}x${box.height}`] : [];
    }));
  expect(small).toEqual([]);
});
