// A phone on the network: the computer asks for a token, and a pairing address carries one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, fromDist, Program, test } from "./fixtures";

test("a paired phone is let in, its token leaves the address bar, others are asked", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/settings");
  await page.getByTestId("pair").click();
  await expect(page.getByRole("img", { name: "Pairing code" })).toBeVisible();
  await page.keyboard.press("Escape");

  const folder = mkdtempSync(join(tmpdir(), "pentimento-phone-"));
  const program = new Program(folder);
  await program.start(["--listen", "--token", "a-token-of-forty-characters-or-thereabouts"]);
  try {
    const context = await page.context().browser()?.newContext();
    const phone = await context?.newPage();
    if (!phone) throw new Error("there is no browser");
    if (process.env["PENTIMENTO_DIST"]) await fromDist(phone);
    await phone.goto(program.url);
    await expect(phone.getByRole("button", { name: "Sign in" })).toBeVisible();
    await phone.getByLabel("Token").fill("wrong");
    await phone.getByRole("button", { name: "Sign in" }).click();
    await expect(phone.getByRole("alert")).toBeVisible();
    await phone.goto("about:blank");
    await phone.goto(`${program.url}/#token=a-token-of-forty-characters-or-thereabouts`);
    await expect(phone.getByTestId("nav-studio")).toBeVisible();
    expect(phone.url()).not.toContain("token");
    await phone.reload();
    await expect(phone.getByTestId("nav-studio")).toBeVisible();
    await context?.close();
  } finally {
    await program.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
});
