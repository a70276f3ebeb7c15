// The page in Debian's Chromium, on a desk and on a phone, against the real program with a tiny
// model. PENTIMENTO_PROGRAM names the program (../build/src/pentimento), CHROMIUM the browser.
import { defineConfig } from "@playwright/test";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "tests",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 1,
  fullyParallel: false,
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    locale: "en-GB",
    launchOptions: { executablePath, args: ["--no-sandbox", "--disable-gpu"] },
    trace: "retain-on-failure",
  },
  projects: [
    { name: "desktop", use: { viewport: { width: 1280, height: 800 } } },
    { name: "phone", use: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 } },
  ],
});
