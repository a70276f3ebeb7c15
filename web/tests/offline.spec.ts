// A computer without any network: the page is whole, and works.
import { chromium } from "@playwright/test";
import { expect, fromDist, StudioPage, test } from "./fixtures";

test("the first picture is painted although no name on the network can be found", async ({ studio, program }) => {
  test.skip(studio.phone, "nothing of this depends on the screen");
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  try {
    const page = await browser.newPage();
    const failed: string[] = [];
    page.on("requestfailed", (request) => { if (!/ERR_ABORTED/.test(request.failure()?.errorText ?? "")) failed.push(request.url()); });
    if (process.env["PENTIMENTO_DIST"]) await fromDist(page);
    const alone = new StudioPage(page, program, false);
    await alone.open();
    await page.getByTestId("example-robin").click();
    await expect(alone.canvas).toBeVisible();
    await alone.go();
    await alone.result();
    for (const path of ["/gallery", "/queue", "/grid", "/models", "/settings"]) {
      await alone.open(path);
      await expect(page.locator(".page > *")).toBeVisible();
    }
    expect(failed).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("a program that is stopped and started again is found without loading the page anew", async ({ studio, program }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await program.kill("SIGTERM");
  await expect(page.getByText("Looking for the program")).toBeVisible({ timeout: 20_000 });
  await program.start();
  await expect(page.getByText("Looking for the program")).toBeHidden({ timeout: 40_000 });
  await studio.go();
  await studio.result();
});
