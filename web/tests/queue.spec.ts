import { expect, test } from "./fixtures";

test("jobs wait in order, change places, and can be cancelled", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await studio.api("POST", "/api/v1/queue/pause", {});
  for (const prompt of ["first", "second", "third"]) {
    await page.getByTestId("prompt").fill(prompt);
    await studio.go();
  }
  await page.getByTestId("nav-queue").click();
  const rows = page.getByTestId("job").filter({ hasText: /first|second|third/ });
  await expect(rows).toHaveCount(3);
  await rows.nth(2).getByRole("button", { name: "Earlier" }).click();
  await expect(rows.nth(1)).toContainText("third");
  await rows.nth(0).getByRole("button", { name: "Cancel" }).click();
  await expect(rows.nth(0)).toContainText("third");
  await page.reload();
  await expect(rows.nth(0)).toContainText("third");
  await page.getByRole("button", { name: "Continue" }).first().click();
  await expect.poll(async () => (await studio.api<{ queued: number; running: string | null }>("GET", "/api/v1/queue")).running, { timeout: 40_000 }).toBeNull();
});

test("jobs are dragged to their places, and moved by the keyboard", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await studio.api("POST", "/api/v1/queue/pause", {});
  for (const prompt of ["apple", "berry", "cherry"]) {
    await page.getByTestId("prompt").fill(prompt);
    await studio.go();
  }
  await page.getByTestId("nav-queue").click();
  const rows = page.getByTestId("job").filter({ hasText: /apple|berry|cherry/ });
  await expect(rows).toHaveCount(3);
  const order = async (...names: string[]): Promise<void> => {
    for (const [at, name] of names.entries()) await expect(rows.nth(at)).toContainText(name);
  };
  await order("apple", "berry", "cherry");
  await rows.nth(2).dragTo(rows.nth(0));
  await order("cherry", "apple", "berry");
  await rows.nth(0).dragTo(rows.nth(2));
  await order("apple", "berry", "cherry");
  await rows.nth(2).getByRole("button", { name: "Earlier" }).press("Enter");
  await order("apple", "cherry", "berry");
  await rows.nth(0).getByRole("button", { name: "Later" }).press("Enter");
  await order("cherry", "apple", "berry");
  await page.reload();
  await order("cherry", "apple", "berry");
  await studio.api("POST", "/api/v1/jobs/cancel", { which: "all" });
  await studio.api("POST", "/api/v1/queue/resume", {});
});

test("a job that is cancelled leaves the stage as it was", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await studio.api("POST", "/api/v1/queue/pause", {});
  await studio.go();
  await expect(page.getByTestId("cancel")).toBeVisible();
  await page.getByTestId("cancel").click();
  await expect(page.getByTestId("cancel")).toBeHidden();
  await expect(page.getByTestId("go")).toBeEnabled();
  await studio.api("POST", "/api/v1/queue/resume", {});
});

test("a program killed while it works offers the job again, and the page finds it by itself", async ({ studio }) => {
  const { page, program } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByRole("group").first().waitFor();
  await page.locator("details.advanced > summary").click();
  const steps = page.getByRole("spinbutton", { name: /^Steps/ });
  await steps.fill("150");
  await steps.press("Enter");
  await page.getByLabel("Run all steps at any strength").check();
  // Long enough to be killed in the middle, however busy the computer is with other things.
  await page.getByRole("slider", { name: "How many" }).fill("4");
  await studio.go();
  await expect.poll(async () => (await studio.api<{ running: string | null }>("GET", "/api/v1/queue")).running, { timeout: 30_000 }).not.toBeNull();
  await expect(page.getByTestId("cancel")).toBeVisible();
  await program.kill("SIGKILL");
  await expect(page.getByText("Looking for the program")).toBeVisible({ timeout: 20_000 });
  await program.start();
  await expect(page.getByText("Looking for the program")).toBeHidden({ timeout: 30_000 });
  await page.getByTestId("nav-queue").click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByTestId("resume-all").click();
  await expect(page.getByRole("alert")).toBeHidden();
  await expect.poll(async () => (await studio.api<{ items: { state: string; attempts: number }[] }>("GET", "/api/v1/jobs?limit=200")).items.some((job) => job.attempts > 1)).toBe(true);
  await studio.api("POST", "/api/v1/jobs/cancel", { which: "all" });
});
