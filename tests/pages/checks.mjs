// What holds for every page, in both languages and themes, wide and narrow.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { NARROW, WIDE, observed, open, weigh } from "./browser.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const BYTES_MAX = 100_000;
const SHIFT_MAX = 0.01;

/** Every language, theme and width once; not every mixture of them. */
const VIEWS = [
  { lang: "en", theme: "light", size: WIDE },
  { lang: "zh", theme: "dark", size: NARROW },
  { lang: "en", theme: "dark", size: WIDE },
  { lang: "zh", theme: "light", size: NARROW },
];

const nameOf = ({ lang, theme, size }) => `${lang}-${theme}-${size.width}`;

/** With the language in the address, as the pages' own links have it. */
const inLanguage = (url, lang) => {
  const asked = new URL(url);
  asked.searchParams.set("lang", lang);
  return asked.href;
};

/** Serious and critical violations of accessibility, in all frames. */
export const violations = async (page) => {
  const found = [];
  for (const frame of page.frames()) {
    await frame.evaluate(AXE);
    const { violations } = await frame.evaluate(() =>
      window.axe.run(document, { iframes: false, resultTypes: ["violations"] }));
    for (const violation of violations) {
      if (!["serious", "critical"].includes(violation.impact)) continue;
      const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`);
      found.push(`axe ${violation.id} (${violation.impact}) at ${where.join(" | ").replace(/\s+/g, " ")}`);
    }
  }
  return found;
};

const scrollsSideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);

/** One page: `{ name, url, state?, status? }`. Adds to `report`, saves pictures in `folder`. */
export const checkPage = async (browser, own, page, report, folder) => {
  // Two at a time: a browser waits more than it works.
  for (let first = 0; first < VIEWS.length; first += 2) {
    await Promise.all(VIEWS.slice(first, first + 2).map((view) => checkView(browser, own, page, view, report, folder)));
  }
  await checkWithoutScripts(browser, own, page, report);
};

const checkView = async (browser, own, { name, url, state, status = 200 }, view, report, folder) => {
  const at = `${name} (${nameOf(view)})`;
  const { context, page, wrong } = await open(browser, own, { ...view, state });
  try {
    const weight = await weigh(context, page, inLanguage(url, view.lang));
    if (weight.status !== status) report(`${at}: status ${weight.status}`);
    if (weight.bytes > BYTES_MAX) report(`${at}: ${weight.bytes} bytes were transferred`);
    const lang = await page.locator("html").getAttribute("lang");
    if (!lang?.startsWith(view.lang)) report(`${at}: is in the language ${lang}`);
    if (await scrollsSideways(page)) report(`${at}: scrolls sideways`);
    const seen = await observed(page);
    if (seen.shift > SHIFT_MAX) report(`${at}: layout shift ${seen.shift}: ${seen.shifted.join(" ; ")}`);
    for (const blocked of seen.blocked) report(`${at}: the policy blocked ${blocked}`);
    for (const found of await violations(page)) report(`${at}: ${found}`);
    await page.screenshot({ path: `${folder}/${name}-${nameOf(view)}.png`, fullPage: true });
    const expected = (problem) => status >= 400 && problem.includes(`${status}`);
    for (const problem of wrong) if (!expected(problem)) report(`${at}: ${problem}`);
  } catch (error) {
    report(`${at}: ${error.message.split("\n")[0]}`);
  } finally {
    await context.close();
  }
};

const checkWithoutScripts = async (browser, own, { name, url, state }, report) => {
  const at = `${name} (without scripts)`;
  const { context, page } = await open(browser, own, { scripts: false, state });
  try {
    await page.goto(url);
    const title = page.locator("h1").first();
    await title.waitFor({ state: "attached" });
    const text = await page.locator("main").innerText();
    if (text.trim().length < 20) report(`${at}: shows next to nothing`);
  } catch (error) {
    report(`${at}: ${error.message.split("\n")[0]}`);
  } finally {
    await context.close();
  }
};
