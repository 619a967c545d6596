// The console: signing in, its pages, and a test message followed to its end.
import assert from "node:assert/strict";
import { open } from "./browser.mjs";
import { tabTo, troubleByKeyboard } from "./flows.mjs";

/** A browser's state with a session. */
export const signIn = async (browser, site) => {
  const { context, page } = await open(browser, site.own, {});
  await page.goto(`${site.server}/`);
  await page.locator('input[name="key"]').fill(site.key);
  await page.locator('input[name="key"]').press("Enter");
  await page.locator("nav.places").waitFor();
  const state = await context.storageState();
  const links = await page.locator("nav.places a").evaluateAll((all) => all.map((link) => link.href));
  await context.close();
  return { state, links };
};

/** Every page of the console's navigation, one message's, limits' decisions, and the way in. */
export const pagesOf = async (browser, site) => {
  const { state, links } = await signIn(browser, site);
  assert.ok(links.length > 4, `the navigation has ${links}`);
  const { context, page } = await open(browser, site.own, { state });
  await page.goto(`${site.server}/console/messages`);
  const message = await page.locator('main a[href*="/console/messages/"]').first().evaluate((link) => link.href);
  await context.close();
  const named = links.map((url) => ({ name: `console${new URL(url).pathname.replaceAll("/", "-").replace(/-$/, "")}`, url, state }));
  return [
    { name: "console-sign-in", url: `${site.server}/console/sign-in` },
    ...named,
    { name: "console-one-message", url: message, state },
    { name: "console-limits-decisions", url: `${site.server}/console/limits/decisions`, state },
  ];
};

/** Sends a test message from the page; gives the browser where it led to. */
const testSend = async (page, site, number) => {
  await page.goto(`${site.server}/console/connectors`);
  const form = page.locator('form[action="/console/connectors/test"]');
  await form.locator('input[name="to"]').fill(number);
  await form.getByRole("button").click();
};

/** The words that tell of a message's end, whenever they come: the page is asked again. */
const told = async (page, words) => {
  for (let tries = 0; tries < 40; tries += 1) {
    const text = await page.locator("main").innerText();
    if (words.every((word) => text.includes(word))) return text;
    await page.waitForTimeout(250);
    if (page.url().includes("/console/messages/")) await page.reload();
  }
  throw new Error(`the page never tells ${words}: ${await page.locator("main").innerText()}`);
};

/** A test message is followed to its report; a fault and a failed report are told with cause and cure. */
export const testMessages = async (browser, site, [good, failed, refused]) => {
  const { state } = await signIn(browser, site);
  const { context, page, wrong } = await open(browser, site.own, { state });
  await testSend(page, site, good);
  await told(page, ["Delivered"]);

  await troubleByKeyboard(browser, site, { field: "report", value: "UNDELIV" });
  await testSend(page, site, failed);
  await told(page, ["UNDELIV"]);

  await troubleByKeyboard(browser, site, { field: "fault", value: "isv.AMOUNT_NOT_ENOUGH" });
  await testSend(page, site, refused);
  await told(page, ["isv.AMOUNT_NOT_ENOUGH"]);
  // What is refused is no 200, which Chromium writes down.
  const unexpected = wrong.filter((problem) => !/status of 422 .*\/connectors\/test\)$/.test(problem));
  assert.deepEqual(unexpected, []);
  await context.close();
};

/** Signs in, sends a test message and signs out with nothing but a keyboard. */
export const byKeyboard = async (browser, site, number) => {
  const { context, page } = await open(browser, site.own, {});
  await page.goto(`${site.server}/`);
  const key = page.locator('input[name="key"]');
  if (!(await key.evaluate((input) => input === document.activeElement))) await tabTo(page, 'input[name="key"]');
  await page.keyboard.type(site.key);
  await page.keyboard.press("Enter");
  await page.locator("nav.places").waitFor();
  await tabTo(page, 'nav.places a[href^="/console/connectors"]');
  await page.keyboard.press("Enter");
  await page.locator('input[name="to"]').waitFor();
  await tabTo(page, 'input[name="to"]');
  await page.keyboard.type(number);
  await page.keyboard.press("Enter");
  await told(page, ["Delivered"]);
  await tabTo(page, 'form[action*="sign-out"] button');
  await page.keyboard.press("Enter");
  await page.locator('input[name="key"]').waitFor();
  await context.close();
};
