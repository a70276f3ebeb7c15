// Pictures of every screen, for eyes and for docs/: PENTIMENTO_SCREENS=FOLDER npx playwright test screens.
// PENTIMENTO_MODELS=none paints with the model that came along, which is worth looking at; =all shows
// what needs ControlNets and CatVTON as well.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, type StudioPage, test } from "./fixtures";

const folder = process.env["PENTIMENTO_SCREENS"] ?? "";
const models = process.env["PENTIMENTO_MODELS"];
test.use({ models: models === "none" || models === "all" ? models : "tiny" });
test.skip(folder === "", "PENTIMENTO_SCREENS names no folder");

const shot = async (studio: StudioPage, name: string): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  await studio.page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => {});
  await studio.page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
};

for (const [language, theme] of [["en", "light"], ["zh", "dark"]] as const)
  test(`screens ${language} ${theme}`, async ({ studio }, info) => {
    test.setTimeout(400_000);
    const { page } = studio;
    const name = (what: string): string => `${info.project.name}-${language}-${what}`;
    await page.addInitScript(([l, t]) => {
      localStorage.setItem("language", l);
      localStorage.setItem("theme", t);
    }, [language, theme] as const);
    await studio.open();
    await shot(studio, name("01-empty"));
    await studio.bring("chelsea.png");
    await expect(page.getByTestId("ghost")).toBeVisible({ timeout: 30_000 });
    await shot(studio, name("02-painter"));
    await studio.go();
    await studio.result();
    await shot(studio, name("03-result"));
    await page.getByTestId("result-info").click();
    await shot(studio, name("04-info"));
    await page.keyboard.press("Escape");
    await page.getByTestId("result-back").click();
    await page.getByTestId("engine-img2img").click();
    await page.getByTestId("prompt").fill(language === "zh" ? "油画，红围巾的猫" : "oil painting of a cat, thick brush strokes");
    await page.getByTestId("strip").scrollIntoViewIfNeeded();
    await page.getByTestId("strip").click();
    await expect(page.locator(".strip img")).toHaveCount(5, { timeout: 120_000 });
    await shot(studio, name("05-words"));
    await page.locator("details.advanced > summary").click();
    await page.locator("details.advanced").scrollIntoViewIfNeeded();
    await shot(studio, name("06-more"));
    await page.locator("details.advanced > summary").click();
    if (models === "all") {
      await page.getByTestId("controls").click();
      await page.getByTestId("control-add").click();
      await page.getByTestId("control-add").scrollIntoViewIfNeeded();
      await shot(studio, name("06-control"));
      await page.getByTestId("controls").scrollIntoViewIfNeeded();
      await page.getByTestId("controls").click();
    }
    await studio.work("retouch");
    await page.getByTestId("tool-brush").click();
    await studio.paint([0.42, 0.4], [0.5, 0.36], [0.58, 0.42]);
    await shot(studio, name("07-retouch"));
    await page.getByTestId("mask-auto").click();
    await shot(studio, name("08-menu"));
    await page.keyboard.press("Escape");
    await studio.work("extend");
    await page.getByTestId("extend-right").fill("128");
    await page.getByTestId("extend-right").press("Enter");
    await shot(studio, name("09-extend"));
    await studio.work("enlarge");
    await shot(studio, name("10-enlarge"));
    await studio.work("blend");
    await shot(studio, name("11-blend"));
    await studio.work("describe");
    await studio.go();
    await expect(page.getByRole("dialog")).toBeVisible({ timeout: 40_000 });
    await shot(studio, name("12-answer"));
    await page.keyboard.press("Escape");
    await page.getByTestId("file").setInputFiles(studio.file("hoodie.jpg"));
    await studio.work("dress");
    if (models === "all") {
      await page.locator("[data-testid=slot-person] ~ input[type=file]").setInputFiles(studio.file("astronaut.png"));
      await expect(page.getByTestId("person-mask")).toBeEnabled();
      await shot(studio, name("13-drape"));
      await page.getByTestId("person-mask").click();
      await expect(page.getByRole("dialog").getByTestId("canvas").getByRole("img").first()).toBeVisible();
      await shot(studio, name("13-drape-mask"));
      await page.keyboard.press("Escape");
      await page.getByTestId("engine-try_on").click();
    }
    await page.getByTestId("mask-auto").click();
    await page.getByTestId("select-thing").click();
    await expect.poll(() => studio.painted(), { timeout: 20_000 }).toBeGreaterThan(1000);
    await shot(studio, name("13-dress"));
    await studio.work("create");
    await shot(studio, name("14-create"));
    await studio.work("restyle");
    await studio.open("/grid");
    await page.locator("select").nth(1).selectOption("seed");
    await page.getByTestId("grid-go").click();
    await expect(page.locator("table img").first()).toBeVisible({ timeout: 60_000 });
    await shot(studio, name("15-grid"));
    for (const [at, path] of ["/gallery", "/queue", "/models", "/settings"].entries()) {
      await studio.open(path);
      await expect(page.locator(".page > *")).toBeVisible();
      await shot(studio, name(`${16 + at}-${path.slice(1)}`));
    }
    await page.getByTestId("pair").scrollIntoViewIfNeeded();
    await page.getByTestId("pair").click();
    await shot(studio, name("20-pair"));
  });
