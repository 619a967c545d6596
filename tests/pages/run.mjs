// Opens every page of Sesame in a real browser and does what people do there.
// To add a page, add it to the list in `pagesOf`.
//
// Wants SESAME (the program), CHROMIUM and PICTURES (a folder); ONLY is a pattern
// for the names of what is to be run.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { launch, open } from "./browser.mjs";
import { checkPage } from "./checks.mjs";
import { codeOf, startDemo } from "./demo.mjs";
import * as consoles from "./console.mjs";
import * as flows from "./flows.mjs";
import { findsWhatIsWrong } from "./selftest.mjs";

const { SESAME, CHROMIUM, PICTURES, ONLY } = process.env;
assert.ok(SESAME && CHROMIUM && PICTURES, "SESAME, CHROMIUM and PICTURES are needed");
await mkdir(PICTURES, { recursive: true });

const problems = [];
const report = (problem) => {
  problems.push(problem);
  console.log(`  ✗ ${problem}`);
};
/** What stands on the pages that were left open, and pictures of them. */
const leftOpen = async (name) => {
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      const picture = `${PICTURES}/failed-${name.replace(/\W+/g, "-")}-${pictured++}.png`;
      await page.screenshot({ path: picture, fullPage: true }).catch(() => {});
      console.log(`    left open: ${page.url()}, see ${picture}`);
    }
    await context.close();
  }
};
let pictured = 1;

const run = async (name, work) => {
  if (ONLY && !new RegExp(ONLY).test(name)) return;
  const before = problems.length;
  try {
    await work();
  } catch (error) {
    report(`${name}: ${error.stack?.split("\n").slice(0, 12).join("\n    ") ?? error}`);
    await leftOpen(name);
  }
  console.log(`${problems.length === before ? "ok  " : "FAIL"} ${name}`);
};

/** A browser's state as somebody left it, to come back to. */
const stateAfter = async (browser, site, work) => {
  const { context, page } = await open(browser, site.own, {});
  await work(page);
  const state = await context.storageState();
  await context.close();
  return state;
};

const atCode = (site, number) => async (page) => {
  await page.goto(`${site.app}/?mode=register`);
  await page.locator("#number").fill(number);
  await page.getByRole("button", { name: "Send me a code" }).click();
  await page.locator("#code").waitFor();
};
const signedIn = (site, number) => async (page) => {
  await atCode(site, number)(page);
  await page.locator("#code").fill(await codeOf(site.emulator, number));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
};
const unknown = (site, number) => async (page) => {
  await page.goto(`${site.app}/`);
  await page.locator("#number").fill(number);
  await page.getByRole("button", { name: "Send me a code" }).click();
  await page.locator("#code").fill(await codeOf(site.emulator, number));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "No account yet" }).waitFor();
};

const pagesOf = async (browser, site) => {
  const { page, app, emulator } = site;
  const inbox = `${emulator}/_emulator`;
  return [
    { name: "demo", url: `${page}/` },
    { name: "app-sign-in", url: `${app}/` },
    { name: "app-register", url: `${app}/?mode=register` },
    { name: "app-code", url: `${app}/`, state: await stateAfter(browser, site, atCode(site, "+8613900000021")) },
    { name: "app-signed-in", url: `${app}/`, state: await stateAfter(browser, site, signedIn(site, "+8613900000022")) },
    { name: "app-unknown", url: `${app}/`, state: await stateAfter(browser, site, unknown(site, "+8613900000023")) },
    { name: "inbox", url: `${inbox}/` },
    { name: "inbox-nothing", url: `${inbox}/?q=777777` },
    { name: "phone", url: `${inbox}/phone` },
    { name: "calls", url: `${inbox}/calls` },
    { name: "call", url: `${inbox}/calls/1` },
    { name: "call-gone", url: `${inbox}/calls/999999`, status: 404 },
    { name: "trouble", url: `${inbox}/trouble` },
    { name: "texts", url: `${inbox}/texts` },
  ];
};

const browser = await launch(CHROMIUM);
const site = await startDemo(SESAME);
try {
  await run("the checks find what is wrong", () => findsWhatIsWrong(browser));
  await run("an inbox without messages", async () => {
    // Of an emulator that nobody has used, the demo's has one message already.
    await fetch(`${site.emulator}/_emulator/messages`, { method: "DELETE" });
    await checkPage(browser, site.own, { name: "inbox-empty", url: `${site.emulator}/_emulator/` }, report, PICTURES);
    await checkPage(browser, site.own, { name: "phone-empty", url: `${site.emulator}/_emulator/phone` }, report, PICTURES);
  });
  let number = 31;
  for (const lang of ["en", "zh"]) {
    for (const theme of ["light", "dark"]) {
      const whose = `+86139000000${number++}`;
      await run(`registers, signs out and signs in (${lang}, ${theme})`, () =>
        flows.registerAndSignIn(browser, site, { lang, theme, number: whose, pictures: PICTURES }));
    }
  }
  await run("the same without scripts", () => flows.withoutScripts(browser, site, "+8613900000041"));
  await run("the same by keyboard alone", () => flows.byKeyboard(browser, site, "+8613900000042"));
  await run("trouble from the inbox is told in the demo", () =>
    flows.troubleInTheDemo(browser, site, ["+8613900000043", "+8613900000044"]));
  await run("the inbox is live", () => flows.inboxIsLive(browser, site, "+8613900000045"));
  await run("test messages are followed in the console", () =>
    consoles.testMessages(browser, site, ["+8613900000051", "+8613900000052", "+8613900000053"]));
  await run("the console by keyboard alone", () => consoles.byKeyboard(browser, site, "+8613900000054"));
  const consolePages = ONLY ? [] : await consoles.pagesOf(browser, site).catch((error) => {
    report(`the console's pages: ${error.message}`);
    return [];
  });
  for (const page of [...(await pagesOf(browser, site)), ...consolePages]) {
    await run(`page ${page.name}`, () => checkPage(browser, site.own, page, report, PICTURES));
  }
} finally {
  await browser.close();
  await site.stop();
}
console.log(problems.length === 0 ? `all well; pictures are in ${PICTURES}` : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
