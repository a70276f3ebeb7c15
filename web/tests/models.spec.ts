import { expect, test } from "./fixtures";

test("a model says in plain words what it is and is taken with one tap", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/models");
  await page.getByRole("button", { name: "tiny" }).click();
  const dialog = page.getByRole("dialog", { name: "tiny" });
  await expect(dialog).toContainText("A complete model (SD1)");
  await dialog.getByRole("button", { name: "Use", exact: true }).click();
  await expect(page.getByTestId("go")).toBeAttached();
});

test("what cannot be fetched says why", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/models");
  const link = page.getByTestId("model-link");
  test.skip((await page.request.get(`${studio.program.url}/api/v1/models/downloads`)).status() !== 200, "this program fetches no models");
  await link.fill("https://127.0.0.1:9/model.safetensors");
  await page.getByRole("button", { name: "Get", exact: true }).click();
  await expect(page.getByText(/not on the list|not allowed|refus|allowed/i).first()).toBeVisible();
});
