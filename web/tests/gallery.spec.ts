import { expect, test } from "./fixtures";

test("pictures are found, starred, thrown away and fetched back", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("prompt").fill(`wooden boat ${studio.phone ? "phone" : "desk"}`);
  await studio.go();
  await studio.result();
  await studio.open("/gallery");
  await page.getByTestId("search").fill(`boat ${studio.phone ? "phone" : "desk"}`);
  const pictures = page.getByTestId("gallery-picture");
  await expect(pictures).toHaveCount(1);
  const asked = page.waitForRequest((request) => /\/pictures\?.*from=\d{10}/.test(request.url()));
  await page.getByTestId("gallery-date").selectOption("1");
  await asked;
  await expect(pictures).toHaveCount(1);
  await pictures.first().click();
  await page.getByRole("button", { name: "Favourite", exact: true }).click();
  await page.getByTestId("result-back").click();
  await page.getByRole("button", { name: "Favourites" }).click();
  await expect(pictures).toHaveCount(1);
  await page.getByRole("button", { name: "Choose" }).click();
  await pictures.first().click();
  await page.getByTestId("to-trash").click();
  await expect(pictures).toHaveCount(0);
  // Other tests throw pictures away as well; the newest comes first.
  await page.getByTestId("trash").click();
  await expect(pictures).not.toHaveCount(0);
  const thrownAway = await pictures.count();
  await page.getByRole("button", { name: "Choose" }).click();
  await pictures.first().click();
  await page.getByTestId("restore").click();
  await expect(pictures).toHaveCount(thrownAway - 1);
});

test("a grid is jobs like any other, and is still there after a reload", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("nav-grid").click();
  await page.getByLabel("Values").first().fill("0.3, 0.6");
  await page.getByLabel("Down").selectOption("seed");
  await page.getByLabel("Values").last().fill("1-2");
  await expect(page.getByText("4 pictures")).toBeVisible();
  await page.getByTestId("grid-go").click();
  await expect(page.locator("table img")).toHaveCount(4, { timeout: 40_000 });
  await page.reload();
  await expect(page.locator("table img")).toHaveCount(4);
});
