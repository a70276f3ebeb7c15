// The same for the forms that only appear beside their networks: ControlNets, a blend by what is
// seen, a garment draped on a person. A form a test: each of them is looked at several times.
import { violations } from "./axe";
import { expect, type StudioPage, test } from "./fixtures";

test.use({ models: "all" });

const begin = async (studio: StudioPage, language: string, theme: string, name: string): Promise<void> => {
  test.setTimeout(120_000);
  await studio.page.addInitScript(([l, t]) => {
    localStorage.setItem("language", l);
    localStorage.setItem("theme", t);
  }, [language, theme] as const);
  await studio.open();
  await studio.bring(name);
};

for (const [language, theme] of [["en", "light"], ["zh", "dark"]] as const) {
  test(`holding shapes by ControlNets, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language, theme, "robin.jpg");
    await page.getByTestId("engine-img2img").click();
    await page.getByTestId("controls").click();
    expect(await violations(studio), "none yet").toEqual([]);
    await page.getByTestId("control-add").click();
    await page.getByTestId("control-add").click();
    const units = page.getByTestId("control-unit");
    await expect(units).toHaveCount(2);
    // All of it: a picture of its own, and what is rarely needed.
    await units.first().locator("input[type=file]").setInputFiles(studio.file("coffee.png"));
    await expect(units.first().locator("img")).toBeVisible();
    await units.first().locator("summary").click();
    await expect(units.first().locator("details")).toHaveAttribute("open");
    expect(await violations(studio), "two of them").toEqual([]);
    await studio.work("retouch");
    await page.getByTestId("controls").scrollIntoViewIfNeeded();
    expect(await violations(studio), "retouch").toEqual([]);
  });

  test(`a blend by what is seen, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language, theme, "robin.jpg");
    await studio.work("blend");
    await page.locator("[data-testid=slot-second] ~ input[type=file]").setInputFiles(studio.file("coffee.png"));
    await expect(page.getByTestId("blend-weight-1")).toBeVisible();
    await expect(page.getByTestId("go")).toBeEnabled();
    expect(await violations(studio), "two pictures").toEqual([]);
    await page.locator("details.advanced > summary").click();
    for (const rare of await page.locator("details.advanced details > summary").all()) await rare.click();
    expect(await violations(studio), "its settings").toEqual([]);
  });

  test(`a garment draped on a person, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language, theme, "hoodie.jpg");
    await studio.work("dress");
    await expect(page.getByTestId("engine-drape")).toHaveAttribute("aria-checked", "true");
    expect(await violations(studio), "no person yet").toEqual([]);
    await page.locator("[data-testid=slot-person] ~ input[type=file]").setInputFiles(studio.file("astronaut.png"));
    await expect(page.getByTestId("person-mask")).toBeEnabled();
    await page.locator("details.advanced > summary").click();
    expect(await violations(studio), "a person").toEqual([]);
    await page.getByTestId("person-mask").click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByTestId("canvas").getByRole("img").first()).toBeVisible();
    expect(await violations(studio), "where it goes").toEqual([]);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await studio.open("/models");
    await expect(page.locator(".page li").first()).toBeVisible();
    expect(await violations(studio), "models of every kind").toEqual([]);
  });
}
