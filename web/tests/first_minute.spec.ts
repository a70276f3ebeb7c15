// The first minute of somebody who has just installed the program: an empty data folder, no model
// of one's own. The model that came with the program paints.
import { expect, test } from "./fixtures";

test.use({ models: "none" });

test("an example, one press, a painting; then words, one press, a painting", async ({ studio, program }) => {
  const { page } = studio;
  test.setTimeout(400_000);
  await studio.open();
  const began = Date.now();
  const seconds = (): string => ((Date.now() - began) / 1000).toFixed(1);
  await page.getByTestId("example-robin").click();
  await expect(studio.canvas.getByRole("img").first()).toBeVisible();
  const seen = seconds();
  await studio.go();
  await expect(page.getByTestId("cancel").or(page.getByTestId("result"))).toBeVisible();
  await studio.result();
  console.log(`first minute: picture on the stage after ${seen} s, painted in a painter's style after ${seconds()} s`);
  await page.getByTestId("result-back").click();

  const { items } = await studio.api<{ items: { type: string; name: string }[] }>("GET", "/api/v1/models");
  test.skip(!items.some((model) => model.type === "checkpoint"), "this program came without its model");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("prompt").fill("oil painting of a bird on a branch");
  const pressed = Date.now();
  await studio.go();
  // It is seen to happen: a bar with steps, and looks inside.
  await expect(page.locator(".progress progress")).toHaveAttribute("value", /0\.[1-9]/, { timeout: 240_000 });
  const moving = ((Date.now() - pressed) / 1000).toFixed(1);
  await expect(page.getByTestId("result").locator("img").first()).toBeVisible({ timeout: 300_000 });
  console.log(`by words with the model that came along: first steps after ${moving} s, painted after ${((Date.now() - pressed) / 1000).toFixed(1)} s`);
  const made = await studio.api<{ items: { kind: string; model: string }[] }>("GET", "/api/v1/pictures?limit=1");
  expect(made.items[0]).toMatchObject({ kind: "img2img", model: "pentimento-default" });
  expect(program.url).toContain("127.0.0.1");
});
