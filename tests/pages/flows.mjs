// What people do, in a real browser.
import assert from "node:assert/strict";
import { NARROW, open, observed } from "./browser.mjs";
import { violations } from "./checks.mjs";
import { codeOf } from "./demo.mjs";

const WORDS = {
  en: {
    send: "Send me a code", next: "Continue", in: "You are signed in", out: "Sign out", skip: "Skip a minute",
    signIn: "Sign in", wait: "You can try again in", confirmed: "The right code came back",
    reported: "The carrier reported: delivered",
  },
  zh: {
    send: "获取验证码", next: "继续", in: "您已登录", out: "退出登录", skip: "跳过一分钟",
    signIn: "登录", wait: "后重试", confirmed: "收到正确的验证码", reported: "运营商回执：已送达",
  },
};

/** Registers, signs out, meets the limit, skips a minute and signs in, through the demo's page. */
export const registerAndSignIn = async (browser, site, { lang, theme, number, pictures }) => {
  const say = WORDS[lang];
  const { context, page, wrong } = await open(browser, site.own, { lang, theme });
  await page.goto(`${site.page}/?lang=${lang}`);
  const app = page.frameLocator("iframe >> nth=0");
  const phone = page.frameLocator("iframe >> nth=1");

  const sendCode = async () => {
    await app.locator("#number").fill(number);
    await app.getByRole("button", { name: say.send }).click();
  };
  const enterCode = async (before) => {
    await app.locator("#code").waitFor();
    // The phone shows it by itself.
    const bubble = phone.locator(".bubble").first();
    await phone.locator(".phone-top", { hasText: number }).waitFor();
    let code;
    for (let tries = 0; tries < 50 && (!code || code === before); tries += 1) {
      code = (await bubble.innerText()).match(/\d{6}/)?.[0];
      await page.waitForTimeout(100);
    }
    assert.ok(code && code !== before, "a code arrived on the phone");
    await app.locator("#code").fill(code);
    await app.getByRole("button", { name: say.next }).click();
    await app.getByRole("heading", { name: say.in }).waitFor();
    assert.equal(await app.locator("#who").innerText(), number);
    return code;
  };

  await sendCode();
  const first = await enterCode();
  assert.match(await app.locator("pre").innerText(), /"phone_number_verified": true/);
  await page.getByText(say.confirmed).waitFor();
  await page.getByText(say.reported).waitFor();
  if (pictures) await page.screenshot({ path: `${pictures}/demo-signed-in-${lang}-${theme}.png`, fullPage: true });
  await app.getByRole("button", { name: say.out }).click();

  await app.getByRole("heading", { name: say.signIn, exact: true }).waitFor();
  await sendCode();
  await app.getByRole("alert").getByText(say.wait).waitFor();
  if (pictures) await page.screenshot({ path: `${pictures}/demo-limit-${lang}-${theme}.png`, fullPage: true });
  await page.getByRole("button", { name: say.skip }).click();
  await app.getByRole("link", { name: say.signIn, exact: true }).click();
  await app.getByRole("heading", { name: say.signIn, exact: true }).waitFor();
  await sendCode();
  await enterCode(first);

  const seen = await observed(page);
  assert.deepEqual(seen.blocked, []);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
};

/** The same by the app alone, without scripts. */
export const withoutScripts = async (browser, site, number) => {
  const { context, page } = await open(browser, site.own, { scripts: false, size: NARROW });
  await page.goto(`${site.app}/?mode=register`);
  await page.locator("#number").fill(number);
  await page.getByRole("button", { name: WORDS.en.send }).click();
  await page.locator("#code").fill("000000");
  await page.getByRole("button", { name: WORDS.en.next }).click();
  const isWrong = page.getByRole("alert").getByText("That is not the code");
  // One code in a million is that one.
  if (await isWrong.isVisible()) {
    await page.locator("#code").fill(await codeOf(site.emulator, number));
    await page.getByRole("button", { name: WORDS.en.next }).click();
  }
  await page.getByRole("heading", { name: WORDS.en.in }).waitFor();
  await page.getByRole("button", { name: WORDS.en.out }).click();
  await page.locator("#number").waitFor();
  await context.close();
};

/** Presses Tab until something fits, as people without a mouse do. */
export const tabTo = async (page, selector) => {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const fits = await page.evaluate((wanted) => {
      const focused = document.activeElement;
      if (!focused?.matches(wanted)) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
    }, selector);
    if (fits) return;
  }
  throw new Error(`no Tab leads to ${selector} with a visible focus`);
};

/** Registers, signs out and signs in with nothing but a keyboard. */
export const byKeyboard = async (browser, site, number) => {
  const { context, page, wrong } = await open(browser, site.own, { size: NARROW });
  const skipMinute = () =>
    fetch(`${site.emulator}/_emulator/clock`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ advance_secs: 61 }),
    });
  const ask = async () => {
    await tabTo(page, "#number");
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
    await page.locator("#code").waitFor();
    if (!(await page.evaluate(() => document.activeElement?.id === "code"))) await tabTo(page, "#code");
    await page.keyboard.type(await codeOf(site.emulator, number));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: WORDS.en.in }).waitFor();
  };
  await page.goto(`${site.app}/`);
  await tabTo(page, 'a[href="/?mode=register"]');
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  await ask();
  await tabTo(page, 'form[action="/leave"] button');
  await page.keyboard.press("Enter");
  await page.locator("#number").waitFor();
  await skipMinute();
  await ask();
  assert.deepEqual(wrong, []);
  await context.close();
};

/** A fault and a failed report, asked for at the inbox with the keyboard alone. */
export const troubleByKeyboard = async (browser, site, { field, value }) => {
  const { context, page } = await open(browser, site.own, {});
  await page.goto(`${site.emulator}/_emulator/trouble`);
  await tabTo(page, `button[name="${field}"][value="${value}"]`);
  await page.keyboard.press("Enter");
  await page.getByRole("status").waitFor();
  const waiting = await page.locator("#live").innerText();
  assert.ok(waiting.includes(value), waiting);
  await context.close();
};

/** Asks the app for a code, in a browser that has not been there. */
const askApp = async (browser, site, number) => {
  const { context, page } = await open(browser, site.own, {});
  await page.goto(`${site.app}/?mode=register`);
  await page.locator("#number").fill(number);
  await page.getByRole("button", { name: WORDS.en.send }).click();
  return { context, page };
};

/** A click at the inbox makes trouble for what comes next. */
const click = async (browser, site, value) => {
  const { context, page } = await open(browser, site.own, {});
  await page.goto(`${site.emulator}/_emulator/trouble`);
  await page.locator(`button[value="${value}"]`).click();
  await page.getByRole("status").waitFor();
  await context.close();
};

/** Trouble from the inbox is told to the operator in full, to the user in a neutral sentence. */
export const troubleInTheDemo = async (browser, site, [first, second]) => {
  const { context, page, wrong } = await open(browser, site.own, {});
  await page.goto(`${site.page}/`);
  const journey = page.locator("#live");

  await click(browser, site, "isv.AMOUNT_NOT_ENOUGH");
  const refused = await askApp(browser, site, first);
  const alert = await refused.page.getByRole("alert").innerText();
  assert.ok(!alert.includes("isv.") && alert.length > 20, alert);
  await journey.getByText("It was refused, nothing was sent").waitFor();
  await journey.getByText("isv.AMOUNT_NOT_ENOUGH: ").waitFor();
  await refused.context.close();

  await click(browser, site, "MOBILE_TERMINAL_ERROR");
  const failed = await askApp(browser, site, second);
  await failed.page.locator("#code").waitFor();
  await journey.getByText("The carrier reported: not delivered").waitFor();
  await failed.page.reload();
  await failed.page.getByRole("alert").getByText("could not be delivered").waitFor();
  await failed.context.close();

  assert.deepEqual(wrong, []);
  await context.close();
};

/** What arrives is shown, and said, without asking again. */
export const inboxIsLive = async (browser, site, number) => {
  const { context, page, wrong } = await open(browser, site.own, {});
  await page.goto(`${site.emulator}/_emulator/`);
  await page.getByText("Live.").waitFor();
  const asked = await askApp(browser, site, number);
  const phone = page.getByRole("region", { name: number });
  await phone.getByText("delivered", { exact: false }).first().waitFor();
  assert.ok((await page.locator("#announce").innerText()).includes(number));
  await phone.getByRole("button", { name: "Report: failed" }).click();
  await page.getByRole("region", { name: number }).getByText("UNDELIV").waitFor();
  await asked.context.close();
  assert.deepEqual(wrong, []);
  await context.close();
};
